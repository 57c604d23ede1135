import { random, shuffle } from '../../chaos/random.ts'
import { quantileOf } from '../host/load.ts'
import type { Row } from '../report.ts'
import { type Answer, type Ask, kindsOf } from './queries.ts'
import { type Rig, usageNow, usedSince } from './rig.ts'
import { fill } from './rows.ts'

/** Searches of each kind in a round; those before the first round are not counted: Java and V8 compile what is new to them. */
const EACH = 40
const AT_ONCE = [1, 4]

type Asked = { readonly kind: string; readonly ask: Ask }

/** How long searches take through the gateway, of all kinds in turn, while nothing is written: by one client, then by four at once. */
export async function searches(rig: Rig, rounds: number, say: (line: string) => void): Promise<Row[]> {
  await fill(rig, say)
  const answer: Answer = async (ask) => {
    const response = await fetch(rig.stack.urls.GATEWAY_URL + ask)
    if (!response.ok) throw new Error(`${ask}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Awaited<ReturnType<Answer>>
  }
  const next = random(2)
  const kinds = kindsOf(next, rig.samples, answer)
  const asked = async (): Promise<Asked[]> => {
    const all: Asked[] = []
    for (const [kind, make] of Object.entries(kinds)) for (let i = 0; i < EACH; i++) all.push({ kind, ask: await make() })
    return shuffle(next, all)
  }
  const rows: Row[] = []
  await take(await asked(), 1, answer)
  for (const clients of AT_ONCE) {
    const taken: (readonly [kind: string, ms: number])[] = []
    const perRound: number[][] = []
    const before = usageNow(rig.stack)
    for (let round = 0; round < rounds; round++) {
      const round = await take(await asked(), clients, answer)
      taken.push(...round)
      perRound.push(sorted(round))
    }
    const usage = usedSince(before, usageNow(rig.stack))
    const all = sorted(taken)
    const whose = clients === 1 ? 'one client' : `${clients} clients at once`
    say(`  ${all.length} searches, ${whose}: P50 ${at(all, 0.5)} ms, P95 ${at(all, 0.95)} ms, P99 ${at(all, 0.99)} ms`)
    for (const q of [0.5, 0.95, 0.99])
      rows.push({
        what: `a search among ${rig.published.messages} documents, ${whose}, P${q * 100}`,
        unit: 'ms',
        median: quantileOf(all, q),
        runs: perRound.map((some) => quantileOf(some, q)),
        ...(q === 0.5 && { usage }),
      })
    if (clients > 1) continue
    for (const [kind, some] of Map.groupBy(taken, ([kind]) => kind)) {
      const [p50, p95] = [0.5, 0.95].map((q) => quantileOf(sorted(some), q)) as [number, number]
      rows.push({ what: `${kind}, ${whose}, P50`, unit: 'ms', median: p50, runs: [p50] })
      rows.push({ what: `${kind}, ${whose}, P95`, unit: 'ms', median: p95, runs: [p95] })
    }
  }
  return rows
}

/** Asks all, so many at once. @returns how long each took, ms. */
async function take(asked: readonly Asked[], clients: number, answer: Answer): Promise<(readonly [kind: string, ms: number])[]> {
  const left = asked.values()
  const taken: (readonly [string, number])[] = []
  const client = async () => {
    for (const { kind, ask } of left) {
      const from = performance.now()
      await answer(ask)
      taken.push([kind, performance.now() - from])
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return taken
}

const sorted = (taken: readonly (readonly [kind: string, ms: number])[]): number[] => taken.map(([, ms]) => ms).sort((a, b) => a - b)

const at = (all: readonly number[], q: number): string => quantileOf(all, q).toFixed(1)
