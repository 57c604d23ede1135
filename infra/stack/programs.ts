import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FEW_THREADS, SHORT_PAUSES } from './node-options.ts'
import type { ProcessSpec } from './process-spec.ts'
import { secretsFolder } from './secrets.ts'
import { answers } from './services/http.ts'
import { ROOT, type Settings } from './settings.ts'

/** Where the bundles are. */
const DIST = join(ROOT, 'dist')

/** The Node that the project brings along; the one that runs this, where there is no such package for the machine. */
export const NODE = existsSync(join(ROOT, 'node_modules/.bin/node')) ? join(ROOT, 'node_modules/.bin/node') : process.execPath

/** What V8 has compiled is kept here: a process that died is back sooner. */
const compileCache = (data: string) => join(data, 'compile-cache')

type Program = {
  readonly name: string
  /** Options of Node. */
  readonly options?: readonly string[]
  readonly bundle: string
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const spec = ({ name, options = [], bundle, args = [], env }: Program) => ({
  name,
  command: NODE,
  args: [...options, join(DIST, bundle), ...args],
  env,
  startMs: 30_000,
})

/** Settings of the gateway that are taken from our own environment (docs/operations.md). */
const GATEWAY_SETTINGS = [
  'FAAS_WAIT_MS',
  'FAAS_COLD_WAIT_MS',
  'FAAS_MAX_WAITING',
  'FAAS_TIMEOUT_MS',
  'FAAS_SCALE_DOWN_MS',
  'FAAS_MAX_BODY_BYTES',
]
const given = (names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))

/** The gateway: OpenFaaS's API on loopback, and the functions' processes behind it. */
export const hostProgram = ({ data, state, ports, urls }: Settings): ProcessSpec => ({
  ...spec({
    name: 'gateway',
    options: [FEW_THREADS, SHORT_PAUSES],
    bundle: 'faas/index.js',
    env: {
      ...given(GATEWAY_SETTINGS),
      NODE_COMPILE_CACHE: compileCache(data),
      FAAS_PORT: String(ports.gateway),
      FAAS_METRICS_PORT: String(ports.gatewayMetrics),
      FAAS_DATA: join(state, 'faas'),
      FAAS_DIST: DIST,
      NATS_URL: urls.NATS_URL,
      secret_mount_path: secretsFolder(data),
    },
  }),
  port: ports.gateway,
  healthy: () => answers(`${urls.GATEWAY_URL}/healthz`),
  stopMs: 30_000,
})

/** One of the processes that read streams and call functions; they share the work by leases. */
export const triggerProgram = ({ data, ports, urls }: Settings, number: number): ProcessSpec => {
  const port = ports.trigger + number
  return {
    ...spec({
      name: `trigger-${number}`,
      options: [FEW_THREADS],
      bundle: 'triggers/index.js',
      env: {
        NATS_URL: urls.NATS_URL,
        GATEWAY_URL: urls.GATEWAY_URL,
        SECRETS_DIR: secretsFolder(data),
        TRIGGER_ID: `trigger-${number}`,
        TRIGGER_METRICS_PORT: String(port),
        NODE_COMPILE_CACHE: compileCache(data),
      },
    }),
    port,
    healthy: () => answers(`http://127.0.0.1:${port}/metrics`),
    stopMs: 15_000,
  }
}

/** What is fed into the stream: recorded files (the n-th name belongs to the n-th file, one name to all), or the market simulator. */
export type Feed =
  | {
      readonly kind: 'replay'
      readonly files: readonly string[]
      readonly exchanges?: readonly string[]
      readonly symbols?: readonly string[]
      readonly speed?: string
    }
  | { readonly kind: 'simulate'; readonly seed?: number; readonly symbols?: readonly string[]; readonly minutes?: number }

/** A command line that is wrong ends the feed at once: it counts as started when it has lived this long. */
const FEED_STARTS_MS = 300

/**
 * The feed's process. A replay ends by itself; the simulator goes on in real time unless it is given its minutes.
 * @param run - names a replay, so that it goes on where it was when it is started again.
 */
export const feedProgram = ({ urls }: Settings, feed: Feed, run?: string): ProcessSpec => ({
  ...spec({ name: 'feed', bundle: 'sources/feed.js', args: feedArgs(feed, run), env: { NATS_URL: urls.NATS_URL } }),
  healthy: () => sleep(FEED_STARTS_MS, true),
  stopMs: 8000,
  finalCodes: [0, 2],
})

const feedArgs = (feed: Feed, run: string | undefined): string[] => {
  const options = (name: string, values: readonly (string | number | undefined)[] = []) =>
    values.flatMap((value) => (value === undefined ? [] : [`--${name}`, String(value)]))
  return feed.kind === 'replay'
    ? [
        ...options('replay', feed.files),
        ...options('exchange', feed.exchanges),
        ...options('symbol', feed.symbols),
        ...options('speed', [feed.speed]),
        ...options('run', [run]),
      ]
    : [
        '--simulate',
        ...options('seed', [feed.seed]),
        ...options('symbols', [feed.symbols?.join(',')]),
        ...options('minutes', [feed.minutes]),
      ]
}
