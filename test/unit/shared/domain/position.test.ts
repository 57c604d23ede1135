import { expect, test } from 'vitest'
import { contradict, fence, type Position } from '../../../../shared/domain/position.ts'

const at = (version: number, ns = `${version}00`): Position => ({ version, ns })
const decide = (stored: readonly (Position | null)[], after: number, last: Position, begin = false) =>
  fence(
    stored,
    stored.map(() => after),
    stored.map(() => begin),
    last,
  )

test('a batch applies only where every slot stands at its after, or at none where it may begin', () => {
  expect(decide([at(5), at(5)], 5, at(9))).toBe('apply')
  expect(decide([at(5), at(6)], 5, at(9))).toBe('conflict')
  expect(decide([at(5), null], 5, at(9))).toBe('conflict')
  expect(decide([at(5), null], 5, at(9), true)).toBe('apply')
})

test('a batch is a repeat only where every slot is at its end or beyond', () => {
  expect(decide([at(9), at(12)], 5, at(9))).toBe('repeat')
  expect(decide([at(9), at(8)], 5, at(9))).toBe('conflict')
})

test('a batch that moves nothing is no repeat: a slot beyond it is told', () => {
  expect(decide([at(9)], 9, at(9))).toBe('apply')
  expect(decide([at(10)], 9, at(9))).toBe('conflict')
})

test('a slot that stands at the end of a batch, but at another message, was read in another life of the stream', () => {
  expect(decide([at(9, '900')], 5, at(9, '901'))).toBe('conflict')
  expect(decide([at(9, '900')], 9, at(9, '901'))).toBe('conflict')
  expect(decide([at(12), at(9, '900')], 5, at(9, '901'))).toBe('conflict')
})

test('a time that is not known contradicts none', () => {
  expect([contradict(null, at(9)), contradict(at(9, '0'), at(9)), contradict(at(9), at(9, '0')), contradict(at(8), at(9))]).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(decide([at(9, '0')], 5, at(9))).toBe('repeat')
})
