import { setImmediate } from 'node:timers/promises'
import { FAULTS, type Fault } from './faults.ts'
import { type Flight, noAnswer } from './gateway.ts'
import type { Request } from './wire.ts'
import type { World } from './world.ts'

/** How wild a run is: which faults it knows, and how often (in a hundred steps) something goes other than plainly. */
type Weather = {
  /** How often (in a hundred calls) another replica is called than the last time. */
  readonly spread: number
  readonly faults: readonly Fault[]
  readonly faultRate: number
  readonly lossRate: number
  readonly disorder: number
}

export const CALM: Weather = { spread: 0, faults: [], faultRate: 0, lossRate: 0, disorder: 0 }

/** Drawn per run, so that some runs know few faults, but those often. */
export function drawWeather(world: World, faults: readonly Fault[]): Weather {
  const { tape } = world
  const known = faults.filter(() => tape.chance(40))
  return {
    faults: known,
    faultRate: tape.pick([0, 2, 6, 15, 30]),
    lossRate: tape.pick([0, 5, 15, 35]),
    disorder: tape.pick([0, 20, 60]),
    spread: tape.pick([0, 20, 70]),
  }
}

/** One step: a fault, a message, or one of the things that are under way moves. */
export async function step(world: World, weather: Weather): Promise<void> {
  const { tape } = world
  world.keepSnapshot()
  if (weather.faults.length > 0 && tape.chance(weather.faultRate)) {
    const fault = tape.pick(weather.faults)!
    world.count(fault)
    FAULTS[fault](world)
  } else {
    const moves = movesOf(world, weather)
    const isFree = moves.length === 0
    // Where nothing is under way, readers wait for a timer more often than for a message; in a plain run for a message.
    if (world.workload.left > 0 && (isFree ? !tape.chance(70) : tape.chance(10))) {
      world.publish()
    } else if (isFree || tape.chance(weather.disorder > 0 ? 5 : 0)) fireTimer(world)
    else moves[tape.chance(weather.disorder) ? tape.below(moves.length) : 0]!()
  }
  await setImmediate()
}

/** Lets time pass until the next timer. */
function fireTimer(world: World): void {
  const timer = world.time.timers()[0]
  if (!timer) return
  world.clock.ms += Math.max(0, Math.ceil(timer.at - world.time.nowMs))
  world.time.fire(timer)
}

function movesOf(world: World, weather: Weather): (() => void)[] {
  return [
    ...world.wire.heads().map((request) => () => moveRequest(world, weather, request)),
    ...world.gateway.movable().map((flight) => () => moveFlight(world, weather, flight)),
    ...world.readings.orphans().map((reading) => () => world.readings.lose(reading)),
    ...world.readings.movable().map((reading) => () => {
      const shown = world.readings.show(reading, 1 + world.tape.below(8))
      world.note(`${reading.context.process.name} is shown ${shown} messages`)
    }),
  ]
}

function moveRequest(world: World, { lossRate }: Weather, request: Request): void {
  const { wire, tape } = world
  const { process, what, isGivenUp } = request
  const note = (how: string) => world.note(`${process.name} → ${what}: ${how}`)
  if (request.done === undefined && !(tape.chance(lossRate) && !isGivenUp && process.isAlive)) {
    wire.perform(request)
    const isLate = lossRate > 0 && tape.chance(30)
    note(isLate || isGivenUp || !process.isAlive ? 'done' : 'done and answered')
    if (!isGivenUp && process.isAlive && !process.isPaused && !isLate) wire.answer(request)
  } else if (request.done === undefined) {
    const isDoneLater = tape.chance(50)
    note(isDoneLater ? 'given up, done later' : 'lost')
    if (isDoneLater) wire.giveUp(request)
    else wire.lose(request)
  } else if (tape.chance(lossRate)) {
    note('answer lost')
    wire.lose(request)
  } else {
    note('answered')
    wire.answer(request)
  }
}

function moveFlight(world: World, { lossRate, spread }: Weather, flight: Flight): void {
  const { gateway, tape, replicas } = world
  const { answer, caller, id } = flight
  const note = (how: string) => world.note(`${caller.name} call ${id}: ${how}`)
  const awake = replicas.filter(({ process }) => !process.isPaused)
  if (answer) {
    world.count(`answer ${answer.status}`)
    const isLost = tape.chance(lossRate)
    note(isLost ? 'answer lost' : `answered ${answer.status} ${answer.status === 200 ? '' : answer.body.slice(0, 200)}`)
    gateway.answer(flight, isLost ? noAnswer : answer)
  } else if (!tape.chance(lossRate)) {
    const replica = tape.chance(spread) ? tape.pick(awake) : awake[0]
    note(`delivered to ${replica?.process.name}: ${flight.body ? Buffer.from(flight.body).toString().split('\n', 1)[0] : 'positions'}`)
    gateway.deliver(flight, replica)
  } else {
    const how = tape.below(4)
    const replica = tape.pick(awake)
    if (how === 0) {
      note('lost')
      gateway.answer(flight, noAnswer)
    } else if (how === 1 && !flight.isGivenUp && caller.isAlive && flight.body) {
      note('given up, delivered later')
      gateway.giveUp(flight)
    } else if (how === 2 && replica && flight.body) {
      note(`a copy delivered to ${replica.process.name}`)
      void replica.serve(flight.body)
    } else if (flight.body) {
      note('delivered without its end')
      gateway.deliver(flight, replica, flight.body.subarray(0, flight.body.length - 2))
    }
  }
}
