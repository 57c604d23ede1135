import { describe, expect, test, vi } from 'vitest'
import { ALL_FAULTS, type Fault, SAME_STREAM } from './faults.ts'
import { run } from './run.ts'
import { shrink, Tape } from './tape.ts'

vi.mock('../../../shared/adapters/nats/wire-reader.ts', () => import('./readings.ts'))
vi.mock('../../../shared/runtime/log.ts', () => import('./quiet-log.ts'))

/** How many runs, and the seed of the first: SIM_RUNS=1 SIM_SEED=<seed> plays one again. */
const RUNS = Number(process.env.SIM_RUNS ?? 100)
const FIRST = Number(process.env.SIM_SEED ?? 1)
const MOST_SHRINKING = 400
const TOLD_STEPS = 150
const EVERYWHERE = [
  ...[
    'commit applied',
    'commit repeat',
    'commit conflict',
    'answer 200',
    'answer 400',
    'answer 409',
    'answer 500',
    'answer 502',
    'answer 503',
  ],
]

describe.each([
  ['the stream stays what it is', SAME_STREAM, EVERYWHERE],
  ['the stream is rewound or made anew, too', ALL_FAULTS, [...EVERYWHERE, 'several epochs']],
])('%s', (_, faults, everywhere) => {
  test('whatever dies, stops, is lost, repeated, delayed or overtaken: the bars are those of a run without faults', {
    timeout: 3_600_000,
  }, async () => {
    const tally = new Map<string, number>()
    for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
      const result = await run(Tape.ofSeed(seed), {}, faults)
      for (const [what, times] of result.tally) tally.set(what, (tally.get(what) ?? 0) + times)
      if (result.violation !== undefined) expect.fail(await explain(seed, result.taken, faults))
    }
    if (RUNS >= 100) for (const what of everywhere) expect(tally.get(what), `runs that see: ${what}`).toBeGreaterThan(0)
  })
})

/** The smallest run found that fails, told step by step. */
async function explain(seed: number, taken: readonly number[], faults: readonly Fault[]): Promise<string> {
  const fails = async (given: readonly number[]) => {
    const { violation, taken } = await run(new Tape(given), {}, faults)
    return violation === undefined ? undefined : taken
  }
  const { violation, trace } = await run(new Tape(await shrink(taken, fails, MOST_SHRINKING)), {}, faults)
  return `SIM_RUNS=1 SIM_SEED=${seed} plays it again: ${violation}\nthe last steps of a smaller run:\n  ${trace.slice(-TOLD_STEPS).join('\n  ')}`
}
