import { expect, test } from 'vitest'
import { msOfTime } from '../../../../shared/contract/tick-time.ts'

test.each([
  ['1697292000', 1697292000000, 'seconds'],
  ['1697292000.123', 1697292000123, 'seconds with a fraction'],
  ['1762795433.9717445', 1762795433971, 'seconds with seven decimals, rounded down'],
  ['1697292000123', 1697292000123, 'ms'],
  ['1697292000123.9', 1697292000123, 'ms with a fraction'],
  ['1697292000123456', 1697292000123, 'µs'],
  ['1697292000123999999', 1697292000123, 'ns, beyond what a double holds'],
  ['2023-10-14T14:00:00Z', 1697292000000, 'ISO'],
  ['2023-10-14T14:00:00.5', 1697292000500, 'ISO without a zone is UTC'],
  ['2023-10-14 14:00:00.123456+00:00', 1697292000123, 'Python'],
  ['2023-10-14T16:00:00.000999+0200', 1697292000000, 'another zone'],
  ['2023-10-14T14:00z', 1697292000000, 'without seconds'],
])('%s is %d (%s)', (text, ms) => expect(msOfTime(text)).toBe(ms))

test.each(['', '-1', '1e12', 'now', '2023-10-14', '2023-13-14T14:00:00Z', '123456789012345678901', '1969-12-31T23:59:59Z'])(
  '%j is no time',
  (text) => expect(msOfTime(text)).toBeUndefined(),
)
