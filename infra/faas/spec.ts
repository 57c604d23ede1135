import { FEW_THREADS } from '../stack/node-options.ts'
import { type FunctionDeployment, Refusal } from './deployment.ts'
import { logFileOf } from './logs/files.ts'
import { programOf, SEARCH_PATH } from './program.ts'
import { bytesOf, nicenessOf } from './quantity.ts'
import { watchdogOf } from './watchdog.ts'

/** What a replica runs and within what bounds. In an argument of `command`, `$PORT` stands for the port it is to listen on. */
export type ReplicaSpec = {
  readonly service: string
  readonly revision: string
  readonly command: readonly string[]
  readonly folder: string
  /** All of its environment but PORT and HOST. */
  readonly env: Readonly<Record<string, string>>
  /** Where a replica of this number writes its output. */
  readonly logFileOf: (index: number) => string
  /** Where it is asked whether it is ready; `lenient`: any answer is a yes but 429 and 503, as a server of somebody else has no such path. */
  readonly ready: { readonly path: string; readonly lenient: boolean }
  /** The one port it can listen on; null when it takes any. */
  readonly fixedPort: number | null
  /** How long it may be silent in a call. */
  readonly timeoutMs: number
  readonly execTimeoutMs: number | null
  readonly maxInFlight: number
  readonly memoryBytes: number | null
}

type Settings = {
  readonly dist: string
  readonly timeoutMs: number
  readonly logFolder: string
  /** Where Node keeps what it compiled of bundles: the next start is quicker. */
  readonly compileCache: string
  /** Where the function finds secrets of these names. */
  readonly secretsFolder: (names: readonly string[]) => string
}

/** What a deployment's replicas are to be. @throws {Refusal} 400 at what cannot be. */
export function specOf(deployment: FunctionDeployment, revision: string, settings: Settings): ReplicaSpec {
  const { service, image, secrets } = deployment
  const { dist, timeoutMs, logFolder, compileCache, secretsFolder } = settings
  const { command, readyPath, ...bounds } = watchdogOf(deployment)
  const program = programOf(image, command, dist)
  const memoryBytes = memoryOf(deployment)
  const env = { ...deployment.envVars, ...(secrets?.length && { SECRETS_DIR: secretsFolder(secrets) }) }
  const own = program.isBundle ? withOptions(program.command, memoryBytes) : program.command
  const niceness = nicenessIn(deployment)
  return {
    service,
    revision,
    command: niceness > 0 ? ['nice', '-n', String(niceness), ...own] : own,
    folder: program.folder,
    env: program.isBundle ? { NODE_COMPILE_CACHE: compileCache, ...env } : { PATH: SEARCH_PATH, ...env },
    logFileOf: (index) => logFileOf(logFolder, service, index),
    ready: { path: readyPath ?? '/_/ready', lenient: !program.isBundle && readyPath === null },
    timeoutMs,
    memoryBytes,
    ...bounds,
  }
}

function memoryOf({ limits }: FunctionDeployment): number | null {
  if (!limits?.memory) return null
  const bytes = bytesOf(limits.memory)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new Refusal(400, `limits.memory is "${limits.memory}": an amount like 128Mi is needed`)
}

function nicenessIn({ requests }: FunctionDeployment): number {
  if (!requests?.cpu) return 0
  const niceness = nicenessOf(requests.cpu)
  if (niceness !== undefined) return niceness
  throw new Refusal(400, `requests.cpu is "${requests.cpu}": an amount like 100m is needed`)
}

/** In a container V8 takes half of the memory it finds for its old objects; without one it would take gigabytes before it collects them. */
const withOptions = ([node, ...args]: readonly string[], memoryBytes: number | null): string[] => [
  node!,
  FEW_THREADS,
  ...(memoryBytes === null ? [] : [`--max-old-space-size=${Math.max(16, Math.floor(memoryBytes / 2 ** 21))}`]),
  ...args,
]
