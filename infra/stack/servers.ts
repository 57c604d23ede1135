import { join } from 'node:path'
import type { installer } from './install/install.ts'
import { startCacheOption } from './install/start-cache.ts'
import type { ProcessSpec } from './process-spec.ts'
import { natsService } from './services/nats.ts'
import { questdbService } from './services/questdb.ts'
import { valkeyService } from './services/valkey.ts'

/** The three servers; a stack uses some of its own and others by an address given. */
export const SERVER_NAMES = ['nats', 'valkey', 'questdb'] as const
export type ServerName = (typeof SERVER_NAMES)[number]

export type ServerPorts = {
  readonly nats: number
  readonly natsMonitor: number
  readonly valkey: number
  readonly questdb: number
  readonly questdbPg: number
}

type ServerOptions = {
  /** Each server has a folder of its own name in this one. */
  readonly state: string
  readonly ports: ServerPorts
  readonly install: ReturnType<typeof installer>
  readonly valkeyMemory?: string
}

/** The most that Valkey may hold unless told otherwise. */
export const VALKEY_MEMORY = '2gb'

/** Makes one server ready to start: gets it if it is not there, writes its settings. */
export function serverSpec(name: ServerName, { state, ports, install, valkeyMemory = VALKEY_MEMORY }: ServerOptions): Promise<ProcessSpec> {
  const folder = join(state, name)
  const specs = {
    nats: async () => natsService({ binary: await install.nats(), folder, port: ports.nats, monitorPort: ports.natsMonitor }),
    valkey: async () => valkeyService({ binary: await install.valkey(), folder, port: ports.valkey, memory: valkeyMemory }),
    async questdb() {
      const files = await install.questdb()
      return questdbService({ files, folder, port: ports.questdb, pgPort: ports.questdbPg, jvm: startCacheOption(files) })
    },
  }
  return specs[name]()
}

/** The address a client uses, of a server on this machine. */
export const serverUrl = (name: ServerName, ports: ServerPorts): string =>
  ({ nats: `nats://127.0.0.1:${ports.nats}`, valkey: `redis://127.0.0.1:${ports.valkey}`, questdb: `http://127.0.0.1:${ports.questdb}` })[
    name
  ]
