import { expect, test } from 'vitest'
import { versionOf } from '../../../../shared/domain/version.ts'
import { begin, type Epochs, epochAt, type Found, holds, judge, nextBorder, readOf } from '../../../../triggers/positioned/epochs.ts'

const at = (epoch: number, sequence: number, ns = `${sequence}000`, now: string | undefined = ns): Found => ({
  position: { version: versionOf(epoch, sequence), ns },
  ns: now,
})
const one: Epochs = { entries: [{ epoch: 1, from: 1 }], created: 'a' }
const two: Epochs = { entries: [{ epoch: 1, from: 1 }, { epoch: 2, from: 4001 }], created: 'a' } // biome-ignore format: one line
const stream = { created: 'a', last: 5000 }

test('an epoch reaches from its first sequence to the next entry', () => {
  expect([1, 4000, 4001, 9000].map((sequence) => epochAt(two.entries, sequence))).toEqual([1, 1, 2, 2])
  expect([1, 4000, 4001].map((sequence) => nextBorder(two.entries, sequence))).toEqual([4001, 4001, Number.POSITIVE_INFINITY])
})

test('a position holds while the stream has that message, or has purged it in the same life', () => {
  expect(holds(at(1, 0, '0', undefined), { created: 'b', last: 0 }, 'a')).toBe(true)
  expect(holds(at(1, 10), stream, 'a')).toBe(true)
  expect(holds(at(1, 10, '10000', '10001'), stream, 'a')).toBe(false)
  expect(holds({ ...at(1, 10), ns: undefined }, stream, 'a')).toBe(true)
  expect(holds({ ...at(1, 10), ns: undefined }, { ...stream, created: 'b' }, 'a')).toBe(false)
  expect(holds(at(1, 5001, '1', undefined), stream, 'a')).toBe(false)
})

test('as long as all positions hold, nothing changes', () => {
  expect(judge(one, stream, [at(1, 10), at(1, 5000), at(1, 0)])).toEqual({ kind: 'fine' })
  expect(judge(two, stream, [at(1, 4000), at(2, 4500)])).toEqual({ kind: 'fine' })
})

test('a stream re-created or cut begins an epoch above all that are known, at the first message younger than what was lost', () => {
  const lost = [
    { ...at(1, 50, '900'), younger: 7 },
    { ...at(1, 40, '800'), younger: 5 },
  ]
  expect(judge(one, { created: 'b', last: 10 }, lost)).toEqual({ kind: 'begin', epoch: 2, from: 5 })
  const cut = { ...at(1, 5000, '900', '901'), younger: 4990 }
  expect(judge(one, stream, [at(1, 40), cut])).toEqual({ kind: 'begin', epoch: 2, from: 4990 })
  expect(judge(one, stream, [at(1, 5001, '0', undefined)])).toEqual({ kind: 'begin', epoch: 2, from: 1 })
  expect(begin(two.entries, { epoch: 3, from: 4001 })).toEqual([{ epoch: 1, from: 1 }, { epoch: 3, from: 4001 }]) // biome-ignore format: one line
})

test('a lane that stands just before an epoch says nothing new', () => {
  expect(judge(two, stream, [at(2, 4000)])).toEqual({ kind: 'fine' })
})

test('a second cut, below where the newest epoch begins, begins one more', () => {
  const lost = at(1, 4800, '900', '901')
  expect(judge(two, stream, [{ ...lost, younger: 4001 }])).toEqual({ kind: 'fine' })
  expect(judge(two, stream, [{ ...lost, younger: 3990 }])).toEqual({ kind: 'begin', epoch: 3, from: 3990 })
})

test('a position of a life that is known to be over goes on where the next life begins', () => {
  const lost = at(1, 4800, '900', '901')
  expect(judge(two, stream, [lost])).toEqual({ kind: 'fine' })
  expect(readOf(two, stream, lost)).toBe(versionOf(2, 4000))
  expect(readOf(two, stream, at(1, 3900))).toBe(versionOf(1, 3900))
  expect(readOf(two, stream, at(2, 4500))).toBe(versionOf(2, 4500))
})

test('a position lost only after an epoch began goes on behind what it had read of it', () => {
  // Read as 1/4800 by who did not know yet that an epoch begins at 4001; cut since then, to 4500.
  const lost = { ...at(1, 4800, '900', '901'), younger: 4501 }
  expect(judge(two, stream, [lost])).toEqual({ kind: 'fine' })
  expect(readOf(two, stream, lost)).toBe(versionOf(2, 4500))
})

test('a position lost in the newest epoch begins one more, at its first younger message', () => {
  const lost = { ...at(2, 4800, '900', '901'), younger: 4501 }
  expect(judge(two, stream, [lost])).toEqual({ kind: 'begin', epoch: 3, from: 4501 })
  const three = { entries: begin(two.entries, { epoch: 3, from: 4501 }), created: 'a' }
  expect(judge(three, stream, [lost])).toEqual({ kind: 'fine' })
  expect(readOf(three, stream, lost)).toBe(versionOf(3, 4500))
})

test('an epoch that was dropped stays dropped', () => {
  const dropped: Epochs = { entries: begin(two.entries, { epoch: 3, from: 4000 }), created: 'a' }
  expect(dropped.entries).toEqual([{ epoch: 1, from: 1 }, { epoch: 3, from: 4000 }]) // biome-ignore format: one line
  expect(judge(dropped, stream, [at(2, 3999)])).toEqual({ kind: 'fine' })
})

test('a record older than the positions begins an epoch for all that is still to be read', () => {
  const lost = { ...at(3, 4900, '900', '901'), younger: 4801 }
  expect(judge(one, stream, [at(2, 4500), at(2, 4700)])).toEqual({ kind: 'begin', epoch: 3, from: 4501 })
  const found = [at(2, 4500), at(1, 3000), lost]
  expect(judge(one, stream, found)).toEqual({ kind: 'begin', epoch: 4, from: 3001 })
  const whole: Epochs = { entries: begin(one.entries, { epoch: 4, from: 3001 }), created: 'a' }
  expect(judge(whole, stream, found)).toEqual({ kind: 'fine' })
  expect(found.map((each) => readOf(whole, stream, each))).toEqual([versionOf(4, 4500), versionOf(1, 3000), versionOf(4, 4800)])
})

test('a record that gave the number of a lost epoch to a later one is found out by positions of the first', () => {
  const again: Epochs = { entries: begin(one.entries, { epoch: 2, from: 4800 }), created: 'a' }
  expect(judge(again, stream, [at(2, 4500)])).toEqual({ kind: 'begin', epoch: 3, from: 4501 })
  expect(judge(again, stream, [at(2, 4799)])).toEqual({ kind: 'fine' })
})

test('another life of the stream always begins an epoch: behind what it still holds (a restored backup), else at its start', () => {
  expect(judge(one, { created: 'b', last: 5000 }, [at(1, 40), at(1, 30)])).toEqual({ kind: 'begin', epoch: 2, from: 41 })
  expect(judge(one, { created: 'b', last: 0 }, [])).toEqual({ kind: 'begin', epoch: 2, from: 1 })
})
