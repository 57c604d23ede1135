import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessSpec } from '../process-spec.ts'
import { answers } from './http.ts'

/** The monitor's address, where health is asked. */
const health = (port: number): string => `http://127.0.0.1:${port}/healthz`

const config = (folder: string, port: number, monitorPort: number) => `# Written at each start: change infra/stack/services/nats.ts instead.
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
server_name: trade2026
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(folder)}
  # Streams reserve their max-bytes of this; the disk itself is watched by \`up\` and \`doctor\`.
  max_file_store: 64GB
  max_memory_store: 64MB
}
`

/** nats-server with JetStream in files, on loopback only. */
export async function natsService(options: { binary: string; folder: string; port: number; monitorPort: number }): Promise<ProcessSpec> {
  const { binary, folder, port, monitorPort } = options
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'nats.conf')
  await writeFile(file, config(folder, port, monitorPort))
  return {
    name: 'nats',
    command: binary,
    args: ['--config', file],
    port,
    healthy: () => answers(health(monitorPort)),
    startMs: 60_000,
    stopMs: 10_000,
  }
}
