import { expect, test } from 'vitest'
import { SeenMessages } from '../../../../../shared/lake/audit/seen-messages.ts'

test('rows are counted by the tick they come from, in each life of the stream', () => {
  const seen = new SeenMessages()
  for (const [epoch, sequence, line] of [
    [1, 5, 0],
    [1, 6, 0],
    [1, 6, 1],
    [1, 8, 1],
    [1, 6, 1],
    [1, 5, 0],
    [2, 5, 0],
    [1, 3_000_000, 0],
  ] as const)
    seen.add(epoch, sequence, line)

  expect(seen.epochs()).toEqual([
    { epoch: 1, rows: 7, double: 2, messages: 4, from: 5, to: 3_000_000, absent: 3_000_000 - 4 - 4 },
    { epoch: 2, rows: 1, double: 0, messages: 1, from: 5, to: 5, absent: 0 },
  ])
})
