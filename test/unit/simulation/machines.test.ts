import { describe, expect, test } from 'vitest'
import type { BarStore } from '../../../shared/ports/bar-store.ts'
import { barStoreCases } from '../../conformance/bar-store.ts'
import { Clock, Stream } from './broker.ts'
import { Store } from './store.ts'
import { shrink, Tape } from './tape.ts'
import { Process, Wire } from './wire.ts'

describe('the store does what every store of bar state does', () => {
  barStoreCases(async (): Promise<BarStore> => {
    const store = new Store(16, { applied: (_, commits) => commits.map(() => []), decided: () => {} })
    return {
      positions: async () => store.slots.map(({ position }) => position),
      load: async (slots) => store.load(slots),
      commit: async (position, token, commits) => store.commit(position, token, commits, new Uint8Array()),
    }
  })
})

describe('a stream', () => {
  const filled = () => {
    const stream = new Stream('S', new Clock(1_000))
    for (const text of ['a', 'b', 'c', 'd']) stream.publish('s', new TextEncoder().encode(text))
    return stream
  }

  test('keeps its sequences when its head is purged', () => {
    const stream = filled()
    stream.purge(3)
    expect([stream.first, stream.last, stream.at(2), stream.at(3)?.seq]).toEqual([3, 4, undefined, 3])
  })

  test('gives sequences again, with later times, after its tail was cut', () => {
    const stream = filled()
    const [lost] = stream.cutTail(2)
    const again = stream.publish('s', new Uint8Array())
    expect(again.seq).toBe(lost!.seq)
    expect(BigInt(again.ns)).toBeGreaterThan(BigInt(lost!.ns))
    expect(stream.sequenceAt(BigInt(lost!.ns))).toBe(3)
  })

  test('begins at 1 with another life when it is made anew', () => {
    const stream = filled()
    const { created } = stream
    stream.recreate()
    expect(stream.created).not.toBe(created)
    expect(stream.publish('s', new Uint8Array()).seq).toBe(1)
  })
})

describe('a call', () => {
  const called = () => {
    const wire = new Wire()
    const heard: string[] = []
    const done: string[] = []
    const process = new Process('p')
    for (const name of ['one', 'two']) {
      wire
        .call(process, 'server', name, () => done.push(name))
        .then(
          () => heard.push(name),
          () => heard.push(`${name} failed`),
        )
    }
    return { wire, heard, done, process }
  }

  test('is done in its order on one connection', () => {
    const { wire, done } = called()
    expect(wire.heads().map(({ what }) => what)).toEqual(['one'])
    wire.perform(wire.heads()[0]!)
    wire.answer(wire.heads()[0]!)
    wire.perform(wire.heads()[0]!)
    expect(done).toEqual(['one', 'two'])
  })

  test('that was given up is done all the same', async () => {
    const { wire, done, heard } = called()
    wire.giveUp(wire.heads()[0]!)
    await Promise.resolve()
    wire.perform(wire.heads()[0]!)
    expect([done, heard, wire.heads()[0]!.what]).toEqual([['one'], ['one failed'], 'two'])
  })

  test('of a dead process is done or gone, and never answered', () => {
    const { wire, done, heard, process } = called()
    process.isAlive = false
    wire.cut(process, ({ what }) => what === 'one')
    wire.perform(wire.heads()[0]!)
    expect([done, heard, wire.heads()]).toEqual([['one'], [], []])
  })
})

describe('a tape', () => {
  test('gives the same choices again', () => {
    const tape = Tape.ofSeed(7)
    const first = Array.from({ length: 20 }, (_, i) => tape.below(i + 1))
    const again = new Tape(tape.taken)
    expect(Array.from({ length: 20 }, (_, i) => again.below(i + 1))).toEqual(first)
  })

  test('shrinks to what matters', async () => {
    const fails = async (given: readonly number[]) => {
      const tape = new Tape(given)
      const values = Array.from({ length: 30 }, () => tape.below(100))
      return values.some((value) => value >= 50) ? tape.taken : undefined
    }
    const taken = (await fails(Array.from({ length: 30 }, (_, i) => (i * 37) % 100)))!
    const small = await shrink(taken, fails, 500)
    expect(small.filter((value) => value > 0)).toHaveLength(1)
  })
})
