import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { Troubles } from '../../shared/runtime/trouble.ts'
import { installer } from '../stack/install/install.ts'
import { makeStartCache, opensearchTraining, questdbTraining } from '../stack/install/start-cache.ts'
import { messageOf, Problem } from '../stack/problem.ts'
import type { Feed } from '../stack/programs.ts'
import { readSettings, type Settings } from '../stack/settings.ts'
import { startStack } from '../stack/stack.ts'
import { openView } from './view/view.ts'

export type UpOptions = {
  readonly once?: boolean
  readonly replay?: readonly string[]
  readonly exchange?: readonly string[]
  readonly symbol?: readonly string[]
  readonly speed?: string
  /** False for `--no-feed`. */
  readonly feed: boolean
}

const SETTLED_MS = 60_000

/** Starts everything, shows bars until Ctrl-C, stops everything. */
export async function up(options: UpOptions): Promise<number> {
  const stopped = stopSignal()
  const feed = feedOf(options)
  if (options.once) return (await import('./once/once.ts')).once(feed, stopped)
  const settings = readSettings()
  const started = performance.now()
  let say = (line: string) => console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  const stack = await startStack({ settings, say: (line) => say(line), signal: stopped })
  try {
    say(
      `all is up: gateway ${stack.urls.GATEWAY_URL} (user ${stack.user}, password in ${settings.data}/secrets), QuestDB ${shownAddress(stack.urls.QUESTDB_URL)}`,
    )
    if (feed?.kind === 'simulate') say('feeding a SIMULATED market (exchange "sim"): no real prices; --replay FILE feeds recorded ones')
    const troubles = new Troubles({ warn: ({ err }, text) => say(`${text} (${messageOf(err)})`), info: (text) => say(text) })
    const nats = connectNats(stack.urls, 'view', troubles)
    const view = openView(await nats.connection, stack.processes, process.stdout)
    const plainSay = say
    say = view.say
    try {
      if (feed) await stack.feed(feed)
      prepareNextStart(settings, stack.late, stopped)
      await new Promise<void>((done) => {
        if (stopped.aborted) done()
        stopped.addEventListener('abort', () => done())
      })
    } finally {
      // Also when the feed cannot start: a drawing or a connection left open would keep this process from ending.
      await view.close()
      await nats.close()
      say = plainSay
    }
  } finally {
    say('stopping')
    await stack.stop()
  }
  say('stopped: no process is left')
  return 0
}

/** Once everything has settled: what makes QuestDB start twice as fast the next time, and OpenSearch three times. Nothing depends on it. */
function prepareNextStart({ cache, data, given, without }: Settings, late: Promise<void>, signal: AbortSignal): void {
  const install = installer({ cache })
  const prepare = async () => {
    if (!given.questdb) await makeStartCache(questdbTraining(await install.questdb()), { data, signal })
    await late
    if (!given.opensearch && !without.includes('opensearch'))
      await makeStartCache(opensearchTraining(await install.opensearch()), { data, signal })
  }
  const timer = setTimeout(() => prepare().catch(() => {}), SETTLED_MS)
  signal.addEventListener('abort', () => clearTimeout(timer))
}

/** Ctrl-C, `down` and a closed terminal all mean the same, however often they come. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort())
  // A terminal that is gone takes no more lines; that must not keep the stack from stopping.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => controller.abort())
  return controller.signal
}

export const feedOf = ({ feed, replay, exchange, symbol, speed, once }: UpOptions): Feed | undefined => {
  if (!feed) return undefined
  if (!replay) return { kind: 'simulate' }
  for (const file of replay) if (!existsSync(file)) throw new Problem(`there is no file ${file}`)
  const files = replay.map((file) => resolve(file))
  const pace = speed ?? (once ? 'max' : undefined)
  return {
    kind: 'replay',
    files,
    ...(exchange && { exchanges: exchange }),
    ...(symbol && { symbols: symbol }),
    ...(pace && { speed: pace }),
  }
}
