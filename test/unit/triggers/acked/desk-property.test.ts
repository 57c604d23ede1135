import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome } from '../../../../triggers/acked/step.ts'
import { answerTo, Consumer, type Manner, type Nature, Process, type Stored } from './desk-world.ts'

const GONE: Outcome = { kind: 'away', afterMs: 0, cause: 'no answer', suspect: true }
const DOWN: Outcome = { kind: 'away', afterMs: 0, cause: '503', suspect: false }

const MANNERS: readonly Manner[] = ['named', 'heedless', 'whole']

const nature = fc.constantFrom<Nature>('good', 'good', 'good', 'good', 'good', 'good', 'good', 'refuse', 'fail', 'crash')
const who = fc.nat(1)
const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('publish' as const), key: fc.constantFrom('a', 'b', 'c'), nature, count: fc.integer({ min: 1, max: 4 }) }) }, // biome-ignore format: one line each
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('deliver' as const), who, count: fc.integer({ min: 1, max: 8 }), lost: fc.constantFrom(false, false, false, true) }) }, // biome-ignore format: one line each
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('answer' as const), who, call: fc.nat(3), manner: fc.constantFrom<Manner>('named', 'heedless', 'whole'), fate: fc.constantFrom('heard', 'heard', 'heard', 'heard', 'unreached', 'lost', 'down') }) }, // biome-ignore format: one line each
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 50, 400, 3000, 12_000, 40_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), count: fc.integer({ min: 1, max: 6 }) }) },
)
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** Runs the events, then all that is left without faults, and gives what the function did and what was buried, in their order. */
function run(events: readonly Event[], isOrdered: boolean) {
  const consumer = new Consumer()
  const processes = [new Process(isOrdered), new Process(isOrdered)] as [Process, Process]
  const done: Stored[] = []
  const dead: Stored[] = []
  let nowMs = 1_000_000
  // Where order is kept one process delivers, and begins with what nobody has settled.
  let holder = 0
  const at = (who: number) => (isOrdered ? holder : who)
  const begin = (who: number) => {
    processes[who] = new Process(isOrdered)
    if (isOrdered) consumer.reset()
  }
  const step = (process: Process) => {
    dead.push(...process.step(nowMs))
    process.speak(consumer, nowMs)
  }
  const answer = (process: Process, index: number, manner: Manner, fate: string) => {
    const [call] = process.calls.splice(index % process.calls.length, 1)
    const messages = call!.messages.map(({ content }) => content)
    const { done: effect, outcome } = answerTo(messages, manner)
    if (fate === 'heard' || fate === 'lost') done.push(...effect)
    const failed = outcome.kind === 'partly' ? outcome.failures.map(({ index: at }) => messages[at]!) : []
    // Where order is kept, a function that is heedless of it does some too early: those come again.
    if (fate === 'heard' && !(isOrdered && manner === 'heedless'))
      for (const one of effect) if (!failed.includes(one)) process.known.add(one)
    process.desk.settle(call!, fate === 'heard' ? outcome : fate === 'down' ? DOWN : GONE, nowMs, 0.5)
  }
  for (const one of events) {
    const process = processes['who' in one ? at(one.who) : 0]!
    if (one.kind === 'publish') for (let i = 0; i < one.count; i++) consumer.publish(one.key, one.nature, nowMs)
    else if (one.kind === 'time') nowMs += one.ms
    else if (one.kind === 'forget') consumer.forget(one.count, nowMs)
    else if (one.kind === 'deliver') {
      if (!process.isConnected) {
        process.isConnected = true
        process.desk.lapse(nowMs)
        if (isOrdered) consumer.reset()
      }
      const delivered = consumer.deliver(one.count, nowMs)
      // What is lost on the wire is lost with its connection.
      if (one.lost) process.isConnected = false
      else process.take(delivered, nowMs)
    } else if (one.kind === 'disconnect') process.isConnected = false
    else if (one.kind === 'answer' && process.calls.length > 0) answer(process, one.call, one.manner, one.fate)
    else if (one.kind === 'kill') {
      if (isOrdered) holder = 1 - holder
      begin(isOrdered ? holder : one.who)
    } else if (one.kind === 'stop') {
      process.desk.release(nowMs)
      process.speak(consumer, nowMs)
      begin(at(one.who))
    }
    for (const each of isOrdered ? [processes[holder]!] : processes) step(each)
  }
  for (let rounds = 0; rounds < 1000 && !consumer.isDone; rounds++) {
    nowMs += 500
    // Others get through: only then is a message that breaks every call to blame.
    if (rounds % 2 === 0 && !consumer.isDone) for (const key of ['y', 'z']) consumer.publish(key, 'good', nowMs)
    const turns = rounds % 4 < 2 ? processes : processes.toReversed()
    for (const process of isOrdered ? [processes[holder]!] : turns) {
      if (!process.isConnected && isOrdered) consumer.reset()
      process.isConnected = true
      if (process.desk.wantsMore) process.take(consumer.deliver(5, nowMs), nowMs)
      step(process)
      while (process.calls.length > 0) answer(process, 0, MANNERS[rounds % 3]!, 'heard')
      step(process)
    }
  }
  return { consumer, done, dead }
}

const isIn = (list: readonly Stored[]) => {
  const sequences = new Set(list.map(({ sequence }) => sequence))
  return ({ sequence }: Stored) => sequences.has(sequence)
}

test('whatever dies, is lost, repeated or late: no message is neither settled nor in the dead letters', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), fc.boolean(), (events, isOrdered) => {
      const { consumer, done, dead } = run(events, isOrdered)
      expect(consumer.isDone).toBe(true)
      const stream = consumer.stream.filter(({ key }) => key < 'x')
      expect(stream.filter(({ nature }) => nature === 'good').filter((one) => !isIn(done)(one) && !isIn(dead)(one))).toEqual([])
      expect(stream.filter(({ nature }) => nature !== 'good').filter((one) => !isIn(dead)(one))).toEqual([])
      expect(done.filter(({ nature }) => nature !== 'good')).toEqual([])
    }),
    { numRuns: 500 },
  )
})
test('messages of one key: none is over before all before it are', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const { over } = run(events, true).consumer
      for (const key of ['a', 'b', 'c']) {
        // One that is refused by name is buried a moment after what came with it is settled.
        const own = over.filter((one) => one.key === key && one.nature !== 'refuse').map(({ sequence }) => sequence)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }),
    { numRuns: 500 },
  )
})
