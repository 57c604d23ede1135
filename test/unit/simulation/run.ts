import { setImmediate } from 'node:timers/promises'
import { checkEnd, isAtRest } from './check.ts'
import { ALL_FAULTS, type Fault } from './faults.ts'
import { show, Violation } from './ledger.ts'
import { CALM, drawWeather, step } from './schedule.ts'
import type { Tape } from './tape.ts'
import { type Swaps, World } from './world.ts'

type Result = {
  readonly taken: number[]
  readonly steps: number
  readonly violation: string | undefined
  readonly trace: readonly string[]
  readonly tally: ReadonlyMap<string, number>
}

const MOST_STEPS = 3_000
const MOST_STEPS_TO_REST = 6_000
const TWO_DAYS_MS = 2 * 86_400_000

/** Runs one tape to its end, with some of these faults. */
export async function run(tape: Tape, swaps: Swaps = {}, faults: readonly Fault[] = ALL_FAULTS): Promise<Result> {
  const world = new World(tape, 5 + tape.below(60), swaps)
  const undo = world.time.install()
  world.readings.install()
  let steps = 0
  let violation: string | undefined
  try {
    const weather = drawWeather(world, faults)
    world.readers = tape.pick([1, 2, 4])
    world.batch = tape.pick([3, 1, 10, 1000])
    for (let replicas = tape.pick([1, 2, 3]); replicas > 0; replicas--) world.startReplica()
    for (let triggers = tape.pick([1, 1, 2]); triggers > 0; triggers--) world.startTrigger()
    const after = 1 + tape.below(60)
    for (let left = after; steps < MOST_STEPS && left > 0 && !tape.isSpent; steps++) {
      await step(world, weather)
      if (world.workload.left === 0) left--
    }
    for (const process of world.processes) process.isPaused = false
    if (world.triggers.length === 0) world.startTrigger()
    if (world.replicas.length === 0) world.startReplica()
    world.note('--- no more faults')
    steps += await rest(world)
    // Long after: every bar is closed because its symbol is quiet.
    world.clock.ms += TWO_DAYS_MS
    steps += await rest(world)
    for (const { entries } of [world.bucket.get<{ entries: unknown[] }>('epoch.MARKET_TICKS')!.value])
      if (entries.length > 1) world.count('several epochs')
    checkEnd(world)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = error.message
  } finally {
    for (const process of world.processes) process.isAlive = false
    await setImmediate()
    undo()
  }
  return { taken: tape.taken, steps, violation, trace: world.trace, tally: world.tally }
}

/** Goes on without faults until nothing is left to do, and some ticks of the readers' clocks longer. */
async function rest(world: World): Promise<number> {
  const start = world.time.nowMs
  for (let steps = 0; steps < MOST_STEPS_TO_REST; steps++) {
    if (isAtRest(world) && world.wire.heads().length === 0 && world.gateway.flights.length === 0 && world.time.nowMs > start + 3_500)
      return steps
    await step(world, CALM)
  }
  const stands = world.store.slots.map(
    ({ position, outbox }) => `${position ? show(position.version) : 'nowhere'} (${outbox.size} unpublished)`,
  )
  throw new Violation(`does not come to rest: slots at ${stands}, the stream's end is ${world.ticks.last}`)
}
