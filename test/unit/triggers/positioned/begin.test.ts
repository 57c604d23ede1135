import { expect, test } from 'vitest'
import { versionOf } from '../../../../shared/domain/version.ts'
import { beginOf } from '../../../../triggers/positioned/begin.ts'
import type { Located } from '../../../../triggers/positioned/epoch.ts'

type Deps = Parameters<typeof beginOf>[0]

/** Where a function whose recorded beginning is `recorded` starts in a stream that holds [first, last]. */
const begin = (recorded: object | undefined, first: number, last: number, entries = [{ epoch: 1, from: 1 }]) => {
  const access = {
    control: { get: async () => recorded && { value: recorded, revision: 1 }, create: async () => 1 },
    stream: { name: 'S', message: async () => undefined },
  } as unknown as Deps
  const located = { epochs: { entries, created: '' }, state: { first, last }, reads: [] } as unknown as Located
  return beginOf(access, 'f', { kind: 'all' }, located)
}
const start = { epoch: 1, seq: 0, ns: '0' }

test('a function begins where it was written down, as long as the stream holds what came after', async () => {
  expect(await begin(undefined, 1, 9)).toEqual({ version: versionOf(1, 0), ns: '0' })
  expect(await begin(start, 1, 9)).toEqual({ version: versionOf(1, 0), ns: '0' })
  expect(await begin({ epoch: 1, seq: 5, ns: '55' }, 3, 9)).toEqual({ version: versionOf(1, 5), ns: '55' })
  expect(await begin(start, 0, 0)).toEqual({ version: versionOf(1, 0), ns: '0' })
})

test('where the stream lost its head, a function begins behind the last message that is gone', async () => {
  expect(await begin(start, 4, 9)).toEqual({ version: versionOf(1, 3), ns: '0' })
  expect(await begin(undefined, 10, 9)).toEqual({ version: versionOf(1, 9), ns: '0' })
  const entries = [
    { epoch: 1, from: 1 },
    { epoch: 2, from: 7 },
  ]
  expect(await begin(start, 9, 12, entries)).toEqual({ version: versionOf(2, 8), ns: '0' })
})
