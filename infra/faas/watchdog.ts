import { type FunctionDeployment, Refusal } from './deployment.ts'
import { durationMs } from './duration.ts'

/**
 * What a deployment's environment asks of of-watchdog, under of-watchdog's names. There is none on this host: the gateway does it.
 * @see https://github.com/openfaas/of-watchdog#configuration
 */
export type Watchdog = {
  /** `fprocess`: the program to run and its arguments, split at blanks; null for the image's bundle. */
  readonly command: readonly string[] | null
  /** `exec_timeout`: how long a call may take, whatever it sends meanwhile; null for no limit. */
  readonly execTimeoutMs: number | null
  /** `max_inflight`: calls at once a replica; Infinity for no limit. */
  readonly maxInFlight: number
  /** `ready_path`: where a server says with 200 that it is ready; null for the usual place. */
  readonly readyPath: string | null
  /** The port of `upstream_url`: a server that cannot be told another one. Null: it listens where PORT says. */
  readonly fixedPort: number | null
}

/** @throws {Refusal} 400 at a value of-watchdog would not take. */
export function watchdogOf({ envProcess, envVars }: FunctionDeployment): Watchdog {
  const env = envVars ?? {}
  const command = (envProcess || env.fprocess || env.function_process || '').split(/\s+/).filter(Boolean)
  const upstream = env.upstream_url || env.http_upstream_url
  return {
    command: command.length > 0 ? command : null,
    execTimeoutMs: env.exec_timeout ? durationOf('exec_timeout', env.exec_timeout) || null : null,
    maxInFlight: env.max_inflight ? countOf('max_inflight', env.max_inflight) || Number.POSITIVE_INFINITY : Number.POSITIVE_INFINITY,
    readyPath: env.ready_path ? pathOf('ready_path', env.ready_path) : null,
    fixedPort: upstream && command.length > 0 ? portOf(upstream) : null,
  }
}

/** How long one call may take: a caller may ask for less with `X-Timeout`, never for more. */
export function callTimeoutMs(execTimeoutMs: number | null, asked: string | undefined): number | null {
  const askedMs = asked === undefined ? 0 : durationMs(asked)
  return askedMs ? Math.min(askedMs, execTimeoutMs ?? MOST_MS) : execTimeoutMs
}

/** Timers of Node hold 2^31 ms; one that is set to more ends at once. */
const MOST_MS = 2 ** 31 - 1

function durationOf(name: string, text: string): number {
  const ms = durationMs(text)
  if (ms !== undefined && ms <= MOST_MS) return ms
  throw new Refusal(400, `environment ${name} is "${text}": a duration like 30s, 1m30s or a number of seconds is needed`)
}

function countOf(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new Refusal(400, `environment ${name} is "${text}": a whole number is needed, 0 for no limit`)
}

function pathOf(name: string, text: string): string {
  if (/^\/[\x21-\x7e]*$/.test(text)) return text
  throw new Refusal(400, `environment ${name} is "${text}": a path like /ready is needed`)
}

function portOf(text: string): number {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  const port = Number(url?.port)
  if (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname) && port > 0) return port
  throw new Refusal(400, `environment upstream_url is "${text}": an address like http://127.0.0.1:5000 is needed`)
}
