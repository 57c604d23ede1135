import { show } from './ledger.ts'
import type { World } from './world.ts'

/** What can befall the world between any two steps. Each does nothing where it cannot happen. */
export const FAULTS = {
  'a replica dies': (world) => {
    const replica = world.tape.pick(world.replicas)
    if (replica) world.kill(replica)
    world.startReplica()
  },
  'a replica more': (world) => {
    if (world.replicas.length < 3) world.startReplica()
  },
  'a trigger dies': (world) => {
    world.kill(world.tape.pick(world.triggers)!)
    world.startTrigger()
  },
  'two triggers': (world) => {
    if (world.triggers.length < 2) world.startTrigger()
    else world.kill(world.tape.pick(world.triggers)!)
  },
  'other readers': (world) => {
    world.readers = world.tape.pick([1, 4, 2])
    const old = world.tape.pick(world.triggers)!
    if (world.tape.chance(50)) world.retire(old)
    else world.kill(old)
    world.startTrigger()
  },
  'a process stops': (world) => {
    const process = world.tape.pick(world.processes)!
    process.isPaused = !process.isPaused
    world.note(`${process.name} ${process.isPaused ? 'stops' : 'wakes'}`)
  },
  'a lane is given and taken': (world) => {
    const trigger = world.tape.pick(world.triggers)!
    trigger.give(0)
    trigger.take(0)
    world.note(`${trigger.process.name} gives and takes lane 0`)
  },
  'a reading is lost': (world) => {
    const reading = world.tape.pick(world.readings.open)
    if (reading) world.readings.lose(reading)
  },
  'the store is emptied': (world) => {
    if (!world.mayFallBack) return
    world.store.empty()
    world.note('the store is emptied')
  },
  'the store falls back': (world) => {
    if (!world.mayFallBack || world.snapshots.length === 0) return
    world.store.slots = world.tape.pick(world.snapshots.toReversed())!
    world.note(`the store falls back to ${world.store.slots.map(({ position }) => (position ? show(position.version) : '-'))}`)
  },
  'the head is purged': (world) => {
    const { ticks } = world
    const read = Math.min(...world.store.slots.map(({ position }) => (position ? position.version % 2 ** 40 : 0)), ticks.last)
    // What only an emptied store would have to read again must stay.
    if (world.hasLostMessages || read <= ticks.first) return
    world.isPurged = true
    world.snapshots.length = 0
    ticks.purge(ticks.first + world.tape.below(read - ticks.first + 1))
    world.note(`the stream begins at ${ticks.first} now`)
  },
  'the tail is cut': (world) => {
    if (!world.mayLoseMessages) return
    const lost = world.ticks.cutTail(1 + world.tape.below(6))
    world.loseMessages(`the stream loses its last ${lost.length} messages and ends at ${world.ticks.last}`)
  },
  'the tail is cut and filled again': (world) => {
    if (!world.mayLoseMessages) return
    const lost = world.ticks.cutTail(1 + world.tape.below(6))
    world.loseMessages(`the stream loses its last ${lost.length} messages`)
    for (let left = 1 + world.tape.below(8); left > 0 && world.workload.left > 0; left--) world.publish()
  },
  'the broker loses its last moments': (world) => {
    if (!world.mayLoseMessages) return
    world.bucket.fallBack(1 + world.tape.below(3))
    const lost = world.ticks.cutTail(world.tape.below(6))
    world.loseMessages(`the record falls back, and the stream loses its last ${lost.length} messages and ends at ${world.ticks.last}`)
  },
  'the stream is made anew': (world) => {
    if (!world.mayLoseMessages) return
    const kept = world.tape.chance(30) ? world.tape.below(world.ticks.messages.length + 1) : 0
    world.ticks.recreate(kept)
    world.loseMessages(`the stream is made anew with ${kept} messages`)
  },
  "the broker's clock is set back": (world) => {
    // Messages of two lives of a stream are told apart by their times: docs/decisions/0001-versions-slots-epochs.md.
    if (world.hasLostMessages) return
    world.isClockSetBack = true
    world.clock.ms -= world.tape.pick([1, 100, 3_000, 70_000])!
    world.note('the clock of the broker is set back')
  },
} satisfies Record<string, (world: World) => void>
export type Fault = keyof typeof FAULTS

export const ALL_FAULTS = Object.keys(FAULTS) as Fault[]

/** Those after which the stream holds other messages than before under the same sequences. */
const OTHER_STREAM: readonly Fault[] = [
  'the tail is cut',
  'the tail is cut and filled again',
  'the broker loses its last moments',
  'the stream is made anew',
]
export const SAME_STREAM = ALL_FAULTS.filter((fault) => !OTHER_STREAM.includes(fault))
