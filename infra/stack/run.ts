import { spawn } from 'node:child_process'

type RunResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

type RunOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a tool to its end, without a shell and without input.
 * @returns its exit code and output; code 127 when the tool is not on PATH (as a shell says it).
 */
export const run = (command: string, args: readonly string[], options: RunOptions = {}) =>
  new Promise<RunResult>((done) => {
    const { cwd, env, signal } = options
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', (error) => done({ code: 127, stdout, stderr: error.message }))
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }))
  })
