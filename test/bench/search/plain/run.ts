import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Stack } from '../../../../infra/stack/stack.ts'
import { STREAMS } from '../../../../shared/contract/streams.ts'

/** What one would write instead, as a process of its own, on messages that the stream holds. @returns documents a second. */
export async function plainBulk({ urls }: Pick<Stack, 'urls'>, first: number, count: number): Promise<number> {
  const args = [
    join(import.meta.dirname, 'bulk.ts'),
    urls.NATS_URL,
    STREAMS.ALT_DATA.name,
    String(first),
    String(count),
    urls.OPENSEARCH_URL,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1024 * 1024 })
  return (JSON.parse(stdout) as { rate: number }).rate
}
