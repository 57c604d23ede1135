import { expect, test, vi } from 'vitest'
import { ALL_FAULTS, SAME_STREAM } from './faults.ts'
import { BELIEVER, MUTANTS } from './mutants.ts'
import { run } from './run.ts'
import { Tape } from './tape.ts'

vi.mock('../../../shared/adapters/nats/wire-reader.ts', () => import('./readings.ts'))
vi.mock('../../../shared/runtime/log.ts', () => import('./quiet-log.ts'))

const MOST_RUNS = 300
/** Lost, late and repeated calls alone show these sooner. */
const SHOWN_BY_LOSSES = ['a stale memory is committed', 'dead letters are not awaited']

test.each(Object.entries(MUTANTS))('it is found when %s', { timeout: 300_000 }, async (name, swaps) => {
  const faults = SHOWN_BY_LOSSES.includes(name) ? [] : ALL_FAULTS
  for (let seed = 1; seed <= MOST_RUNS; seed++) {
    const { violation } = await run(Tape.ofSeed(seed), swaps, faults)
    // What fails without the swap as well shows nothing.
    if (violation !== undefined && (await run(Tape.ofSeed(seed), {}, faults)).violation === undefined) return
  }
  expect.fail(`not found in ${MOST_RUNS} runs`)
})

test('a trigger that takes silence for a yes does no harm', { timeout: 300_000 }, async () => {
  for (let seed = 1; seed <= 30; seed++) expect((await run(Tape.ofSeed(seed), BELIEVER, SAME_STREAM)).violation).toBeUndefined()
})
