import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { buildAll } from '../build/bundle.ts'
import { endReplicas } from '../faas/registry.ts'
import { applyStorage } from '../storage/apply.ts'
import { claim } from './claim.ts'
import { type DeployOptions, deployStack, untilReady } from './deploy.ts'
import { installer } from './install/install.ts'
import { bringLate } from './late.ts'
import { givenServersAnswer, portsFree } from './preflight.ts'
import { Problem } from './problem.ts'
import { StackProcess } from './process.ts'
import type { ProcessSpec } from './process-spec.ts'
import { type Feed, feedProgram, hostProgram, triggerProgram } from './programs.ts'
import { GATEWAY_USER, gatewayPassword, s3Secrets } from './secrets.ts'
import { isLate, LATE_SERVERS, type LateServer, SERVER_NAMES, type ServerName, serverSpec } from './servers.ts'
import { ROOT, type Settings } from './settings.ts'

export type StackOptions = {
  readonly settings: Settings
  /** What is fed in once all else runs; nothing when left out (`stack.feed` does it later). */
  readonly feed?: Feed
  /** Environment given to every function over that of stack.yml, as `faas-cli deploy -e` does. */
  readonly env?: Readonly<Record<string, string>>
  /** Takes one line of progress at a time. */
  readonly say?: (line: string) => void
  /** Ends the start early: what has started is stopped. */
  readonly signal?: AbortSignal
}

/** The most that the ports of left-over servers take to close once those were killed, on a machine that is busy. */
const CLOSING_MS = 5_000

type Target = Pick<DeployOptions, 'gatewayUrl' | 'user' | 'password' | 'stackFile' | 'env' | 'secrets' | 'without'>

export type Stack = {
  readonly settings: Settings
  readonly urls: Settings['urls']
  readonly user: string
  readonly password: string
  /** Every process by name: nats, valkey, questdb, s3, opensearch (those not given by address), gateway, trigger-0 ..., feed. */
  readonly processes: ReadonlyMap<string, StackProcess>
  process(name: string): StackProcess
  /** Where functions are deployed, and as what. */
  readonly target: Target
  /** Deploys stack.yml again, e.g. with other environment. */
  deploy(env?: Readonly<Record<string, string>>): Promise<void>
  /** Starts a feed (the one before it must have ended). */
  feed(feed: Feed): Promise<StackProcess>
  /** Resolves when what comes late (OpenSearch, and the functions that need it) is there, or has failed: `say` tells which. */
  readonly late: Promise<void>
  /** Stops all in the reverse order of the start. Calling it twice is harmless. */
  stop(): Promise<void>
}

/**
 * Starts the whole stack: servers (and bundles, and gateway) side by side, then storage, functions, triggers, feed; what comes late goes on coming afterwards.
 * @throws {Problem} when something is missing or in the way; nothing of it runs then.
 */
export async function startStack({ settings, feed, env = {}, say = () => {}, signal }: StackOptions): Promise<Stack> {
  const { data, urls } = settings
  const { release, hadLeftovers } = await claim(data, say)
  const processes = new Map<string, StackProcess>()
  const over = new AbortController()
  let late: Promise<void> = Promise.resolve()
  const stop = async () => {
    over.abort()
    for (const layer of LAYERS)
      await Promise.all([...processes.values()].filter(({ name }) => layer.test(name)).map((process) => process.stop()))
    await late
    // A gateway that had to be killed has left its functions.
    endReplicas(join(settings.state, 'faas'))
    release()
  }
  const launch = async (spec: ProcessSpec): Promise<StackProcess> => {
    over.signal.throwIfAborted()
    const process = new StackProcess(spec, data, say)
    processes.set(spec.name, process)
    await timed(say, spec.name, () => process.start())
    return process
  }
  const targetOf = async (more: Readonly<Record<string, string>> = {}): Promise<Target> => {
    const { GATEWAY_URL: gatewayUrl, ...addresses } = urls
    const password = await gatewayPassword(data)
    const what = { stackFile: join(ROOT, 'stack.yml'), env: { ...addresses, ...env, ...more }, secrets: s3Secrets(settings.s3Keys) }
    const { without } = settings
    return { without, gatewayUrl, user: GATEWAY_USER, password, ...what }
  }
  const onProgress = (service: string, state: string) => {
    if (state === 'ready') say(`function ${service} ready`)
  }
  const deploy = async (more?: Readonly<Record<string, string>>, still: readonly string[] = []) =>
    deployStack({ ...(await targetOf(more)), late: still, onProgress, signal: over.signal })
  const startFeed = (what: Feed) => launch(feedProgram(settings, what, randomUUID()))
  /** Waits for all; the first failure stops the others at once and is the one thrown. */
  let failure: { error: unknown } | undefined
  const together = async (...work: Promise<unknown>[]): Promise<void> => {
    const onFailure = (error: unknown) => {
      failure ??= { error }
      void stop()
    }
    await Promise.all(work.map((one) => one.catch(onFailure)))
    if (failure) throw failure.error
  }
  const onAbort = () => void together(Promise.reject(new Problem('stopped before all was up'))).catch(() => {})
  signal?.addEventListener('abort', onAbort)
  try {
    await together(portsFree(settings, { waitMs: hadLeftovers ? CLOSING_MS : 0, say }), givenServersAnswer(settings))
    await gatewayPassword(data)
    const install = installer({ cache: settings.cache, onProgress: say, signal: over.signal })
    const servers = SERVER_NAMES.filter((name) => !settings.given[name] && !isLate(name))
    let waiting: string[] = []
    const makeAndLaunch = async (name: ServerName) => launch(await serverSpec(name, { ...settings, install }))
    await together(
      together(...servers.map(makeAndLaunch)).then(() => timed(say, 'streams and tables', () => applyStorage(urls, settings.s3Keys))),
      timed(say, 'bundles', () => buildAll()).then(() => launch(hostProgram(settings))),
    )
    await together(
      timed(say, 'functions', async () => {
        waiting = await deploy({}, LATE_SERVERS)
      }),
    )
    await together(...Array.from({ length: settings.triggers }, (_, i) => launch(triggerProgram(settings, i))))
    if (feed) await together(startFeed(feed))
    const start = (name: LateServer) => makeAndLaunch(name)
    const ready = async () => untilReady({ ...(await targetOf()), onProgress, signal: over.signal }, waiting)
    late = bringLate({ settings, start, ready, waiting, say, signal: over.signal })
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  const process = (name: string): StackProcess => {
    const found = processes.get(name)
    if (!found) throw new Error(`the stack has no process ${name}`)
    return found
  }
  const redeploy = async (more?: Readonly<Record<string, string>>) => {
    await late
    await deploy(more)
  }
  const target = await targetOf()
  return {
    settings,
    urls,
    user: GATEWAY_USER,
    password: target.password,
    target,
    processes,
    process,
    deploy: redeploy,
    feed: startFeed,
    late,
    stop,
  }
}

/** The order of the stop: feed first, servers last, so that nothing loses what it stands on before it has ended. */
const LAYERS = [/^feed$/, /^trigger-/, /^gateway$/, /^(nats|valkey|questdb|s3|opensearch)$/]

const timed = async <T>(say: (line: string) => void, what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  const result = await work()
  say(`${what} ready (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  return result
}
