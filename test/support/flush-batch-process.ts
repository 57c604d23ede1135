import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3_DEVELOPMENT_KEYS } from '../../infra/stack/services/s3.ts'
import type { Position } from '../../shared/domain/position.ts'
import { until } from './progress.ts'

const ENTRY = join(import.meta.dirname, '../../dist/functions/flush-batch/index.js')

export type FlushBatch = {
  readonly child: ChildProcess
  /** Sends a batch as a trigger does. */
  post(body: Uint8Array): Promise<{ status: number; json: Record<string, unknown> }>
  /** Where its first slot stands. */
  position(): Promise<Position | null>
  /** Sends a signal and waits for the end; gives the exit code. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

/** Starts the function itself as a process, as its host does. */
export async function startFlushBatch(env: Readonly<Record<string, string>>): Promise<FlushBatch> {
  const secrets = mkdtempSync(join(tmpdir(), 'trade2026-secrets-'))
  writeFileSync(join(secrets, 's3-access-key'), S3_DEVELOPMENT_KEYS.accessKey)
  writeFileSync(join(secrets, 's3-secret-key'), S3_DEVELOPMENT_KEYS.secretKey)
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const all = { PATH, NODE_COMPILE_CACHE, LOG_LEVEL: 'info', SECRETS_DIR: secrets, PORT: '0', ...env }
  const child = spawn(process.execPath, [ENTRY], { env: all, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit').finally(() => rmSync(secrets, { recursive: true, force: true }))
  let port: number | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    port ??= Number(/"msg":"listening"/.test(String(chunk)) && /"port":(\d+)/.exec(String(chunk))?.[1]) || undefined
  })
  await until('flush-batch listens', async () => port !== undefined || child.exitCode !== null, 60_000, 20)
  const url = `http://127.0.0.1:${port}`
  return {
    child,
    async post(body) {
      const answer = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(60_000) })
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
    },
    async position() {
      const answer = await fetch(`${url}/positions?stream=MARKET_TICKS`, { signal: AbortSignal.timeout(60_000) })
      return ((await answer.json()) as { positions?: Record<string, Position | null> }).positions?.[0] ?? null
    },
    async end(signal) {
      child.kill(signal)
      await exited
      return child.exitCode
    },
  }
}
