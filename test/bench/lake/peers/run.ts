import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { S3_DEVELOPMENT_KEYS } from '../../../../infra/stack/services/s3.ts'
import type { Stack } from '../../../../infra/stack/stack.ts'
import { BUCKET } from '../../../../shared/contract/lake.ts'
import { installOracle } from '../../../support/oracle/oracle.ts'
import { pythonPackages } from '../../../support/python.ts'

/** What one would use instead. */
export const PEERS = ['deltalake', 'duckdb', 'parquetjs-lite'] as const
export type Peer = (typeof PEERS)[number]

/** What a peer is told. */
export type Given = {
  readonly sink: Peer
  readonly nats: string
  readonly stream: string
  readonly count: number
  readonly s3: string
  readonly keys: readonly [accessKey: string, secretKey: string]
  /** Bucket and folder of its files. */
  readonly path: string
  readonly commitRows: number
}

/** How many rows were in the lake at what time. */
export type Commit = { readonly rows: number; readonly ms: number }

/** What a peer says at its end. */
export type Told = { readonly commits: readonly Commit[]; readonly bytes: number; readonly cpuSeconds: number; readonly peakMiB: number }

/** Gets what the peers in Python need. */
export const installPeers = async (): Promise<string> =>
  [await pythonPackages(join(import.meta.dirname, 'requirements.txt')), await installOracle()].join(':')

/** Runs a peer as a process of its own on the messages that the ticks stream holds. */
export async function lakePeer(sink: Peer, stack: Stack, count: number, commitRows: number): Promise<Told> {
  const given: Given = {
    sink,
    nats: stack.urls.NATS_URL,
    stream: 'MARKET_TICKS',
    count,
    s3: stack.urls.S3_URL,
    keys: [S3_DEVELOPMENT_KEYS.accessKey, S3_DEVELOPMENT_KEYS.secretKey],
    path: `${BUCKET}/peers/${sink}-${randomUUID()}`,
    commitRows,
  }
  const [command, script] = sink === 'parquetjs-lite' ? [process.execPath, 'parquetjs-lite.ts'] : ['python3', 'consumer.py']
  const env = { ...process.env, PYTHONPATH: await installPeers(), PYTHONDONTWRITEBYTECODE: '1' }
  const args = [join(import.meta.dirname, script), JSON.stringify(given)]
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 1024 * 1024, env })
  return JSON.parse(stdout) as Told
}
