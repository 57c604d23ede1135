import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Stack } from '../../../infra/stack/stack.ts'

/** Runs what a user would pick instead, as a process of its own, on the messages the ticks stream holds. */
export async function peer(name: 'plain-consumer' | 'questdb-ilp', stack: Stack, messages: number): Promise<{ ticksPerSecond: number }> {
  const script = join(import.meta.dirname, `${name}.ts`)
  const args = [script, stack.urls.NATS_URL, 'MARKET_TICKS', String(messages), stack.urls.QUESTDB_URL]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1024 * 1024 })
  const { ticks, seconds } = JSON.parse(stdout) as { ticks: number; seconds: number }
  return { ticksPerSecond: ticks / seconds }
}
