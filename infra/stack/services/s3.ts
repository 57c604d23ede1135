import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Keys } from '../../../shared/adapters/s3/connect.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'
import type { ProcessSpec } from '../process-spec.ts'

/** Who may use the development server. Whoever runs servers of his own gives their keys (S3_ACCESS_KEY, S3_SECRET_KEY), and none of these exist. */
const identities = (launcher: S3Keys) => ({
  identities: [
    identity('trade2026', S3_DEVELOPMENT_KEYS, ['Admin', 'Read', 'Write', 'List', 'Tagging']),
    // The seeds' scripts come with these.
    identity(
      'test',
      { accessKey: 'test', secretKey: 'test' },
      ['Read', 'Write', 'List', 'Tagging'].map((action) => `${action}:${BUCKET}`),
    ),
    identity('launcher', launcher, ['Admin', 'Read', 'Write', 'List']),
  ],
})
const identity = (name: string, keys: S3Keys, actions: readonly string[]) => ({ name, credentials: [keys], actions })

/** The keys that functions use with the development server. */
export const S3_DEVELOPMENT_KEYS: S3Keys = { accessKey: 'trade2026', secretKey: 'trade2026secret' }

type S3Options = {
  readonly binary: string
  readonly folder: string
  readonly port: number
  /** The first of seven ports next to each other, for what the server is made of. */
  readonly inner: number
  /** Keys that no other server knows: what they open is ours. */
  readonly launcher: S3Keys
}

/** SeaweedFS (`weed server`: master, volume, filer and S3 in one process) on loopback only. */
export async function s3Service({ binary, folder, port, inner, launcher }: S3Options): Promise<ProcessSpec> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 's3.json')
  await writeFile(file, JSON.stringify(identities(launcher), null, 1), { mode: 0o600 })
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3Grpc] = Array.from({ length: INNER_PORTS }, (_, i) => inner + i)
  // Every command reads this file's constants; the client would be most of what it loads.
  const { takesWrites } = await import('./s3-ours.ts')
  const flags = {
    dir: folder,
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    filer: true,
    s3: true,
    'master.port': master,
    'master.port.grpc': masterGrpc,
    'volume.port': volume,
    'volume.port.grpc': volumeGrpc,
    'filer.port': filer,
    'filer.port.grpc': filerGrpc,
    's3.port': port,
    's3.port.grpc': s3Grpc,
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    's3.config': file,
    's3.iam': false,
    's3.autoCreateBucket': false,
    's3.allowDeleteBucketNotEmpty': false,
    's3.allowedOrigins': '',
    'filer.allowedOrigins': '',
    'filer.ui.deleteDir': false,
    'filer.localSocket': join(folder, 'filer.sock'),
    's3.localSocket': join(folder, 's3.sock'),
    // It would tell its makers of itself.
    'master.telemetry': false,
    // One master elects itself: the usual 10 s are what a restart would wait.
    'master.electionTimeout': '300ms',
    'master.heartbeatInterval': '100ms',
    'master.volumeSizeLimitMB': 1024,
    // As many volumes as the disk has room for.
    'volume.max': 0,
    'volume.preStopSeconds': 0,
  }
  return {
    name: 's3',
    command: binary,
    args: ['-logtostderr=true', '-v=-1', 'server', ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)],
    port,
    healthy: takesWrites(`http://127.0.0.1:${port}`, launcher),
    startMs: 60_000,
    // Its volumes are closed at once; then the filer waits 15 s for its own S3 server to hang up.
    stopMs: 1_500,
  }
}

/** How many ports it needs beside that of S3. */
export const INNER_PORTS = 7
