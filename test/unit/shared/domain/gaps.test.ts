import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillGaps } from '../../../../shared/domain/gaps.ts'
import { newestVersions, wholeStarts } from '../../../../shared/domain/newest.ts'
import { bar } from '../../../support/bar.ts'

const MINUTE = 60_000
const minutes = fc.uniqueArray(fc.nat(40), { minLength: 1 }).map((list) => list.toSorted((a, b) => a - b))

test('filling keeps every stored bar, leaves no start out, and an empty bar stands at the close before it', () => {
  fc.assert(
    fc.property(minutes, fc.nat(40), (list, extra) => {
      const stored = list.map((minute) => bar({ timestamp: minute * MINUTE, close: minute + 0.5 }))
      const [first, last] = [list[0]! * MINUTE, (list.at(-1)! + extra) * MINUTE]
      const filled = fillGaps(stored, first, last, MINUTE)
      expect(filled.map(({ timestamp }) => timestamp)).toEqual(
        Array.from({ length: (last - first) / MINUTE + 1 }, (_, i) => first + i * MINUTE),
      )
      expect(filled.filter(({ trades }) => trades > 0)).toEqual(stored)
      for (const [i, { trades, open, close, vwap }] of filled.entries()) {
        if (trades === 0) expect([open, close, vwap]).toEqual([filled[i - 1]!.close, filled[i - 1]!.close, null])
      }
    }),
  )
  expect(() => fillGaps([bar({ timestamp: MINUTE })], 0, MINUTE, MINUTE)).toThrow(RangeError)
})

test('pages of whole starts join to the whole list, whatever the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6)), fc.integer({ min: 1, max: 5 }), (list, limit) => {
      const bars = list.toSorted((a, b) => a - b).map((minute, i) => bar({ timestamp: minute * MINUTE, exchange: `e${i}` }))
      const joined: typeof bars = []
      while (joined.length < bars.length) {
        const page = wholeStarts(bars.slice(joined.length), limit)
        expect(page.length <= limit || new Set(page.map(({ timestamp }) => timestamp)).size === 1).toBe(true)
        expect(bars[joined.length + page.length]?.timestamp).not.toBe(page.at(-1)!.timestamp)
        joined.push(...page)
      }
      expect(joined).toEqual(bars)
    }),
  )
})

test('of several versions the greatest stays, in any order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }), (versions) => {
      const rows = versions.map((version) => bar({ version, close: version }))
      expect(newestVersions(rows)).toEqual([bar({ version: Math.max(...versions), close: Math.max(...versions) })])
    }),
  )
})
