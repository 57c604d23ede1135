import { expect, test } from 'vitest'
import { Subjects } from '../../../../triggers/positioned/subjects.ts'

test('a subject stays itself when the buffer it was read from is filled anew', () => {
  const subjects = new Subjects(16)
  const buffer = Buffer.from('ticks.lean.SPY-A')
  const found = subjects.find(buffer, 0, buffer.length, 1)
  buffer.write('ticks.lean.SPY-B')

  const next = subjects.find(buffer, 0, buffer.length, 2)

  expect([found.text, next.text]).toEqual(['ticks.lean.SPY-A', 'ticks.lean.SPY-B'])
})
