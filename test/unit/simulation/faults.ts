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
  'the stream is made anew': (world) => {
    if (!world.mayLoseMessages) return
    world.ticks.recreate()
    world.loseMessages('the stream is made anew')
  },
} satisfies Record<string, (world: World) => void>
export type Fault = keyof typeof FAULTS

export const ALL_FAULTS = Object.keys(FAULTS) as Fault[]

/** All but those after which the stream holds other messages than before under the same sequences. */
export const SAME_STREAM = ALL_FAULTS.filter((fault) => fault !== 'the tail is cut' && fault !== 'the stream is made anew')
