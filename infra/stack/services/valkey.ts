import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { ProcessSpec } from '../process-spec.ts'

const config = ({ folder, port, memory }: ValkeyOptions) => `# Written at each start: change infra/stack/services/valkey.ts instead.
bind 127.0.0.1
port ${port}
dir ${JSON.stringify(folder)}
daemonize no
# State is here, not only a cache: every write is in a log that is synced each second, and only keys with a time to live may be evicted.
appendonly yes
appendfsync everysec
save ""
maxmemory ${memory}
maxmemory-policy volatile-lru
`

type ValkeyOptions = {
  readonly folder: string
  readonly port: number
  /** The most it may hold, as Valkey writes it: `2gb`; 0 = no limit. */
  readonly memory: string
}

/** Valkey with its append-only file, on loopback only. */
export async function valkeyService(options: ValkeyOptions & { readonly binary: string }): Promise<ProcessSpec> {
  const { binary, folder, port } = options
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'valkey.conf')
  await writeFile(file, config(options))
  return { name: 'valkey', command: binary, args: [file], port, healthy: () => pongs(port), startMs: 60_000, stopMs: 10_000 }
}

/** Whether it answers PING; while it loads its file it answers an error instead. */
const pongs = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 }, () => socket.write('PING\r\n'))
    const end = (good: boolean) => {
      socket.destroy()
      done(good)
    }
    socket.once('data', (bytes) => end(bytes.toString().startsWith('+PONG')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
