import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/progress.ts'
import { type Fate, PASSED, type S3Request } from '../support/s3-proxy.ts'
import { pick, random } from './random.ts'
import type { StoreFault } from './schedule.ts'
import { type Struck, signal, type World } from './world.ts'

const FATES: Readonly<Record<Exclude<StoreFault, 'away' | 'full'>, readonly Fate[]>> = {
  errors: [
    { kind: 'refused', status: 500 },
    { kind: 'refused', status: 503 },
  ],
  slow: [
    { kind: 'passed', afterMs: 100 },
    { kind: 'passed', afterMs: 700 },
  ],
  resets: [{ kind: 'reset' }, { kind: 'answer-cut', rest: 'reset' }],
  'lost answers': [
    { kind: 'done', answer: 'reset' },
    { kind: 'done', answer: 504 },
  ],
  cuts: [{ kind: 'cut' }],
  all: [],
}
const ALL = Object.values(FATES).flat()
const UPKEEP_MS = 2000
/** How many of the requests meet it. */
const OFTEN = 0.5
/** The longest wait for a commit that is to be held: upkeep may have nothing to rewrite. */
const MOST_WAIT_MS = 10_000

type Ailment = { readonly what: StoreFault; readonly ms: number; readonly seed: number }

/** The store, or the way to it, ails for a while. */
export async function storeAils({ proxy }: Pick<World, 'proxy'>, { what, ms, seed }: Ailment): Promise<void> {
  const next = random(seed)
  let met = 0
  if (what === 'away') await proxy.leave()
  else
    proxy.fate = ({ method }) => {
      met++
      if (what === 'full') return method === 'PUT' ? { kind: 'refused', status: 500 } : PASSED
      return next() < OFTEN ? pick(next, what === 'all' ? ALL : FATES[what]) : PASSED
    }
  await sleep(ms)
  if (what !== 'away') await until('the store was asked for something', async () => met > 0, 60_000)
  proxy.fate = () => PASSED
  await proxy.comeBack()
}

const textOf = ({ body }: S3Request): string => body.toString('latin1', 0, 1000)
/** Whose a commit is. */
export const COMMIT_OF = {
  'flush-batch': (request: S3Request) => /"operation":"(WRITE|CREATE)/.test(textOf(request)),
  'lake-upkeep': (request: S3Request) => textOf(request).includes('"operation":"OPTIMIZE"'),
}

type KilledAtCommit = {
  readonly target: string
  readonly isIts: (request: S3Request) => boolean
  readonly arrives: boolean
  /** Waits until what is published from now on is stored. */
  readonly recovered: () => Promise<number>
}

/** A commit is on its way, and does not arrive before its writer is dead: then, or never. */
export async function killAtCommit(world: Struck & Pick<World, 'proxy'>, { target, isIts, arrives, recovered }: KilledAtCommit) {
  const { proxy } = world
  const came = Promise.withResolvers<boolean>()
  const fate = Promise.withResolvers<Fate>()
  let isHeld = false
  proxy.fate = (request: S3Request) => {
    if (isHeld || !request.isPutIfAbsent || !isIts(request)) return PASSED
    isHeld = true
    came.resolve(true)
    return fate.promise
  }
  const isOver = sleep(MOST_WAIT_MS, false)
  const isAtCommit = await Promise.race([came.promise, isOver])
  isHeld = true
  await signal(world, target, 'SIGKILL')
  const after = recovered()
  // Its successor may be at work by now, or not yet: the commit is to arrive at either moment.
  await sleep(200)
  fate.resolve(arrives ? PASSED : { kind: 'reset' })
  const recoveryMs = await after
  proxy.fate = () => PASSED
  return { recoveryMs, note: !isAtCommit ? 'it had none' : arrives ? 'which arrived afterwards' : 'which was lost' }
}

/** Calls upkeep again and again, as at full hours, when it does everything: it is to meet whatever else happens. */
export async function keepUp(world: Pick<World, 'stack'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await callUpkeep(world).catch(() => {})
    await sleep(UPKEEP_MS, undefined, { signal }).catch(() => {})
  }
}

async function callUpkeep({ stack }: Pick<World, 'stack'>): Promise<void> {
  const headers = { 'X-Scheduled-Time': '2026-11-21T10:00:00Z' }
  const response = await fetch(`${stack.urls.GATEWAY_URL}/function/lake-upkeep`, {
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(30_000),
  })
  if (!response.ok) throw new Error(`lake-upkeep: ${response.status} ${await response.text()}`)
}

/** Waits until upkeep has done all of its work once more. */
export const upkeepDone = (world: Pick<World, 'stack'>): Promise<void> =>
  until('upkeep is done', () => callUpkeep(world).then(() => true), 180_000, 100)
