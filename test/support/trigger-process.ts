import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ENTRY = join(import.meta.dirname, '../../dist/triggers/index.js')

export type TriggerProcess = {
  readonly child: ChildProcess
  /** What it has logged, parsed. */
  readonly lines: Record<string, unknown>[]
  /** Text of its metrics. */
  metrics(): Promise<string>
  /** SIGKILL, and waits for its end; nothing where it has ended. */
  kill(): Promise<void>
  /** SIGTERM, and waits for its end; gives its exit code. */
  stop(): Promise<number | null>
}

/** Starts the trigger process itself, as the stack does. */
export async function startTrigger(
  id: string,
  urls: { readonly NATS_URL: string; readonly GATEWAY_URL: string },
  { user, password } = { user: 'test', password: 'test' },
): Promise<TriggerProcess> {
  const secrets = mkdtempSync(join(tmpdir(), 'trade2026-secrets-'))
  writeFileSync(join(secrets, 'basic-auth-user'), user)
  writeFileSync(join(secrets, 'basic-auth-password'), password)
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, ...urls, SECRETS_DIR: secrets, TRIGGER_ID: id, TRIGGER_METRICS_PORT: '0' }
  const child = spawn(process.execPath, [ENTRY], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit').finally(() => rmSync(secrets, { recursive: true }))
  const lines: Record<string, unknown>[] = []
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    for (const part of parts) if (part.startsWith('{')) lines.push(JSON.parse(part))
  })
  const address = () => lines.find(({ msg }) => msg === 'listening')?.address as { port: number }
  return {
    child,
    lines,
    metrics: async () => (await fetch(`http://127.0.0.1:${address().port}/metrics`)).text(),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
  }
}
