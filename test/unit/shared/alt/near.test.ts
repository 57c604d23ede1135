import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NEAR_BITS, NearIndex } from '../../../../shared/alt/near.ts'
import { bitsIn, halvesOf, simhashOf } from '../../../../shared/alt/simhash.ts'

const TEXT = 'The Committee decided today to lower its target for the federal funds rate by twenty five basis points to one percent'
const bitsBetween = (a: string, b: string) => {
  const [[a1, a2], [b1, b2]] = [halvesOf(a), halvesOf(b)]
  return bitsIn(a1 ^ b1) + bitsIn(a2 ^ b2)
}

test('case and punctuation make no difference, a word little, another text much', () => {
  const hash = simhashOf(TEXT)!
  expect(hash).toMatch(/^[0-9a-f]{16}$/)
  expect(simhashOf(TEXT.toUpperCase().replaceAll(' ', ', '))).toBe(hash)
  expect(bitsBetween(hash, simhashOf(`${TEXT} again`)!)).toBeLessThanOrEqual(NEAR_BITS)
  const other = 'Bitcoin miners sold more coins in March than in any month before as prices rose above seventy thousand dollars'
  expect(bitsBetween(hash, simhashOf(other)!)).toBeGreaterThan(NEAR_BITS)
})

test('a short text has none', () => {
  expect(simhashOf('Bitcoin rises')).toBeNull()
  expect(simhashOf('very '.repeat(100))).toBeNull()
  expect(simhashOf('')).toBeNull()
})

test('bits are counted', () => {
  const counted = (number: number) => (number >>> 0).toString(2).replaceAll('0', '').length
  fc.assert(fc.property(fc.integer(), (number) => bitsIn(number) === counted(number)))
})

test('what is near is found, all of it and nothing else', () => {
  const hash = fc.bigInt(0n, 2n ** 64n - 1n)
  // Around one centre, so that many are near each other.
  const around = fc.array(fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 14 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(hash, around, (centre, flips) => {
      const text = (bits: readonly number[]) =>
        bits
          .reduce((value, bit) => value ^ (1n << BigInt(bit)), centre)
          .toString(16)
          .padStart(16, '0')
      const all = flips.map(text)
      const index = new NearIndex()
      for (const [number, one] of all.entries()) index.add(number, one)
      for (const one of all) {
        const found = new Map([...index.near(one)].map(({ number, bits }) => [number, bits]))
        const wanted = new Map(all.flatMap((other, i) => (bitsBetween(one, other) <= NEAR_BITS ? [[i, bitsBetween(one, other)]] : [])))
        expect(found).toEqual(wanted)
      }
    }),
  )
})

test('it grows', () => {
  const index = new NearIndex()
  for (let i = 0; i < 3000; i++) index.add(i, i.toString(16).padStart(8, '0').repeat(2))
  expect([...index.near('00000bb700000bb7')].some(({ number, bits }) => number === 2999 && bits === 0)).toBe(true)
})
