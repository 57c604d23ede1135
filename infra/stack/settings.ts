import { join, resolve } from 'node:path'
import * as z from 'zod'
import type { S3Keys } from '../../shared/adapters/s3/connect.ts'
import { cacheFolder } from './cache.ts'
import { freePorts } from './ports.ts'
import { Problem } from './problem.ts'
import { LATE_SERVERS, type LateServer, SERVER_NAMES, type ServerName, type ServerPorts, serverUrl, VALKEY_MEMORY } from './servers.ts'
import { INNER_PORTS, S3_DEVELOPMENT_KEYS } from './services/s3.ts'

/** The repository's root: default data folder, stack.yml and bundles are found from it. */
export const ROOT = resolve(import.meta.dirname, '../..')

const port = (usual: number) => z.coerce.number().int().min(1).max(65_535).default(usual)

const Env = z.object({
  TRADE2026_DATA: z.string().min(1).default(join(ROOT, 'data')),
  TRADE2026_PORT_NATS: port(4222),
  TRADE2026_PORT_NATS_MONITOR: port(8222),
  TRADE2026_PORT_VALKEY: port(6379),
  TRADE2026_PORT_QUESTDB: port(9000),
  TRADE2026_PORT_QUESTDB_PG: port(8812),
  TRADE2026_PORT_S3: port(8333),
  TRADE2026_PORT_S3_INNER: port(9333),
  TRADE2026_PORT_OPENSEARCH: port(9200),
  TRADE2026_PORT_OPENSEARCH_TRANSPORT: port(9300),
  TRADE2026_PORT_GATEWAY: port(8080),
  TRADE2026_PORT_GATEWAY_METRICS: port(8082),
  TRADE2026_PORT_TRIGGER: port(8083),
  TRADE2026_TRIGGERS: z.coerce.number().int().min(1).max(8).default(1),
  TRADE2026_WITHOUT: z.enum(['', ...LATE_SERVERS]).default(''),
  TRADE2026_VALKEY_MEMORY: z
    .string()
    .regex(/^\d+([kmg]b?)?$/i, 'expected bytes, or a number with kb, mb or gb; 0 is no limit')
    .default(VALKEY_MEMORY),
  NATS_URL: z.url({ protocol: /^(nats|tls)$/ }).optional(),
  VALKEY_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  QUESTDB_URL: z.url({ protocol: /^https?$/ }).optional(),
  S3_URL: z.url({ protocol: /^https?$/ }).optional(),
  OPENSEARCH_URL: z.url({ protocol: /^https?$/ }).optional(),
  S3_ACCESS_KEY: z.string().min(1).optional(),
  S3_SECRET_KEY: z.string().min(1).optional(),
})

export type Ports = ServerPorts & { readonly gateway: number; readonly gatewayMetrics: number; readonly trigger: number }
type Urls = {
  readonly NATS_URL: string
  readonly VALKEY_URL: string
  readonly QUESTDB_URL: string
  readonly S3_URL: string
  readonly OPENSEARCH_URL: string
  readonly GATEWAY_URL: string
}

/** Where a stack lives and what it listens on. */
export type Settings = {
  readonly data: string
  /** Where servers and functions keep their state: the data folder itself, except for a run that must begin empty. */
  readonly state: string
  readonly cache: string
  readonly ports: Ports
  /** How many trigger processes run; each listens on the trigger port plus its number. */
  readonly triggers: number
  /** The most that Valkey may hold, as its own configuration says it. */
  readonly valkeyMemory: string
  /** Servers at an address given in the environment: used as they are, not started. */
  readonly given: Partial<Record<ServerName, string>>
  /** Servers that this stack does without, and with them the functions that need one of them. */
  readonly without: readonly LateServer[]
  readonly urls: Urls
  /** What opens the object store. */
  readonly s3Keys: S3Keys
}

/** Which setting moves a port. */
export const PORT_SETTINGS: Record<keyof Ports, string> = {
  nats: 'TRADE2026_PORT_NATS',
  natsMonitor: 'TRADE2026_PORT_NATS_MONITOR',
  valkey: 'TRADE2026_PORT_VALKEY',
  questdb: 'TRADE2026_PORT_QUESTDB',
  questdbPg: 'TRADE2026_PORT_QUESTDB_PG',
  s3: 'TRADE2026_PORT_S3',
  s3Inner: 'TRADE2026_PORT_S3_INNER',
  opensearch: 'TRADE2026_PORT_OPENSEARCH',
  opensearchTransport: 'TRADE2026_PORT_OPENSEARCH_TRANSPORT',
  gateway: 'TRADE2026_PORT_GATEWAY',
  gatewayMetrics: 'TRADE2026_PORT_GATEWAY_METRICS',
  trigger: 'TRADE2026_PORT_TRIGGER',
}

/** Reads the stack's settings. @throws {Problem} naming every wrong one. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const parsed = Env.safeParse(env)
  if (!parsed.success) throw new Problem(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  const e = parsed.data
  const ports: Ports = {
    nats: e.TRADE2026_PORT_NATS,
    natsMonitor: e.TRADE2026_PORT_NATS_MONITOR,
    valkey: e.TRADE2026_PORT_VALKEY,
    questdb: e.TRADE2026_PORT_QUESTDB,
    questdbPg: e.TRADE2026_PORT_QUESTDB_PG,
    s3: e.TRADE2026_PORT_S3,
    s3Inner: e.TRADE2026_PORT_S3_INNER,
    opensearch: e.TRADE2026_PORT_OPENSEARCH,
    opensearchTransport: e.TRADE2026_PORT_OPENSEARCH_TRANSPORT,
    gateway: e.TRADE2026_PORT_GATEWAY,
    gatewayMetrics: e.TRADE2026_PORT_GATEWAY_METRICS,
    trigger: e.TRADE2026_PORT_TRIGGER,
  }
  const given = { nats: e.NATS_URL, valkey: e.VALKEY_URL, questdb: e.QUESTDB_URL, s3: e.S3_URL, opensearch: e.OPENSEARCH_URL }
  if (given.s3 && !(e.S3_ACCESS_KEY && e.S3_SECRET_KEY))
    throw new Problem('S3_URL is given: S3_ACCESS_KEY and S3_SECRET_KEY must be as well')
  const without = LATE_SERVERS.filter((name) => name === e.TRADE2026_WITHOUT)
  const both = without.find((name) => given[name])
  if (both)
    throw new Problem(`TRADE2026_WITHOUT says to do without ${both}, and ${both.toUpperCase()}_URL where it is: unset one of the two`)
  return settingsOf({
    data: resolve(e.TRADE2026_DATA),
    cache: cacheFolder(env),
    ports,
    triggers: e.TRADE2026_TRIGGERS,
    valkeyMemory: e.TRADE2026_VALKEY_MEMORY,
    given,
    without,
    s3Keys: given.s3 ? { accessKey: e.S3_ACCESS_KEY!, secretKey: e.S3_SECRET_KEY! } : S3_DEVELOPMENT_KEYS,
  })
}

/** Settings of a stack of one's own: free ports, the folder given, no server from outside, and none of the late ones unless asked for. */
export async function freeSettings(data: string, { triggers = 1, late = false } = {}): Promise<Settings> {
  const names = [
    'nats',
    'natsMonitor',
    'valkey',
    'questdb',
    'questdbPg',
    's3',
    'opensearch',
    'opensearchTransport',
    'gateway',
    'gatewayMetrics',
    'trigger',
  ] as const
  const s3Inner = names.length - 1 + triggers
  const first = await freePorts(s3Inner + INNER_PORTS)
  const ports = { ...Object.fromEntries(names.map((name, i) => [name, first + i])), s3Inner: first + s3Inner } as Ports
  return settingsOf({
    data,
    cache: cacheFolder(),
    ports,
    triggers,
    valkeyMemory: VALKEY_MEMORY,
    given: {},
    without: late ? [] : LATE_SERVERS,
    s3Keys: S3_DEVELOPMENT_KEYS,
  })
}

const settingsOf = (of: {
  data: string
  cache: string
  ports: Ports
  triggers: number
  valkeyMemory: string
  given: Partial<Record<ServerName, string | undefined>>
  without: readonly LateServer[]
  s3Keys: S3Keys
}): Settings => {
  const given = Object.fromEntries(SERVER_NAMES.flatMap((name) => (of.given[name] ? [[name, of.given[name]]] : [])))
  const url = (name: ServerName) => given[name] ?? serverUrl(name, of.ports)
  const urls = {
    NATS_URL: url('nats'),
    VALKEY_URL: url('valkey'),
    QUESTDB_URL: url('questdb'),
    S3_URL: url('s3'),
    OPENSEARCH_URL: url('opensearch'),
    GATEWAY_URL: `http://127.0.0.1:${of.ports.gateway}`,
  }
  return { ...of, state: of.data, given, urls }
}
