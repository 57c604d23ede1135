import { expect, test } from 'vitest'
import { lastOf } from '../../../../triggers/acked/last.ts'

test('what a call came to is told of each of its messages', () => {
  const last = lastOf({ kind: 'partly', failures: [{ index: 1, code: 'NO_STOCK', error: 'none left', retry: true }] })
  expect([last(1), last(2)]).toEqual(['NO_STOCK none left', 'held back by one of its key'])
  expect(lastOf({ kind: 'partly', failures: [{ index: 0, error: 'x'.repeat(400), retry: true }] })(0)).toBe('x'.repeat(300))
  expect(lastOf({ kind: 'refused', cause: '422: no' })(3)).toBe('422: no')
})
