import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { installer } from './install/install.ts'
import { startCacheOption } from './install/start-cache.ts'
import type { ProcessSpec } from './process-spec.ts'
import { natsService } from './services/nats.ts'
import { opensearchService } from './services/opensearch.ts'
import { questdbService } from './services/questdb.ts'
import { s3Service } from './services/s3.ts'
import { valkeyService } from './services/valkey.ts'

/** The five servers; a stack uses some of its own and others by an address given. */
export const SERVER_NAMES = ['nats', 'valkey', 'questdb', 's3', 'opensearch'] as const
export type ServerName = (typeof SERVER_NAMES)[number]

/** Servers that start slowly and that only some functions need: they come when all else is up, and a stack may do without them. */
export const LATE_SERVERS = ['opensearch'] as const
export type LateServer = (typeof LATE_SERVERS)[number]
export const isLate = (name: ServerName): name is LateServer => LATE_SERVERS.some((late) => late === name)

export type ServerPorts = {
  readonly nats: number
  readonly natsMonitor: number
  readonly valkey: number
  readonly questdb: number
  readonly questdbPg: number
  readonly s3: number
  /** The first of those that the parts of the S3 server use among each other. */
  readonly s3Inner: number
  readonly opensearch: number
  /** Where its node would be found by other nodes. */
  readonly opensearchTransport: number
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
      return questdbService({ files, folder, port: ports.questdb, pgPort: ports.questdbPg, jvm: startCacheOption(dirname(files.jar)) })
    },
    async s3() {
      const launcher = { accessKey: 'launcher', secretKey: randomBytes(24).toString('base64url') }
      return s3Service({ binary: await install.s3(), folder, port: ports.s3, inner: ports.s3Inner, launcher })
    },
    async opensearch() {
      const files = await install.opensearch()
      const { opensearch: port, opensearchTransport: transportPort } = ports
      return opensearchService({ files, folder, port, transportPort, jvm: startCacheOption(files.home) })
    },
  }
  return specs[name]()
}

/** The address a client uses, of a server on this machine. */
export const serverUrl = (name: ServerName, ports: ServerPorts): string =>
  ({
    nats: `nats://127.0.0.1:${ports.nats}`,
    valkey: `redis://127.0.0.1:${ports.valkey}`,
    questdb: `http://127.0.0.1:${ports.questdb}`,
    s3: `http://127.0.0.1:${ports.s3}`,
    opensearch: `http://127.0.0.1:${ports.opensearch}`,
  })[name]
