import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint } from '../../../../shared/domain/fingerprint.ts'
import { DUPLICATE, FRESH, IdSet, MISMATCH } from '../../../../shared/domain/id-set.ts'
import { NO_ID, numberLength, OPAQUE } from '../../../../shared/domain/trade-id.ts'

const prefix = fc.oneof(
  fc.constantFrom('', '', 'a-', '20131007-', 'é', 'x'.repeat(150)),
  fc.nat(20).map((n) => `p${n}-`),
)
const number = fc.oneof(
  fc.nat(50),
  fc.constantFrom(999_999_999_999_999, 4_294_967_296, 4_294_967_295, 2_147_483_648),
  fc.nat().map((n) => n * 64),
)
const id = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(prefix, number).map(([prefix, number]) => ({ prefix, number })) },
  { weight: 2, arbitrary: fc.constantFrom('', 'x', '007', 'a-').map((prefix) => ({ prefix, number: OPAQUE })) },
)
/** 0 stands for a content that is not known. */
const print = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(0xffffffff))
const operation = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('add' as const), id, print }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rest' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'join' as const }) },
)

test('a set knows every id it took, also after a rest and after being stored in chunks and read back', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
      let set = new IdSet()
      const known = new Map<string, number>()
      const sealed: Uint8Array[] = []
      const commit = () => {
        const chunk = set.log.seal()
        if (chunk) sealed.push(chunk)
      }
      for (const step of operations) {
        if (step.kind === 'add') {
          const { prefix, number } = step.id
          const name = number === OPAQUE ? prefix : prefix + number
          const before = known.get(name)
          expect(set.add(prefix, number, step.print)).toBe(before === undefined ? FRESH : before === step.print ? DUPLICATE : MISMATCH)
          if (before === undefined) known.set(name, step.print)
        } else if (step.kind === 'rest') set.rest()
        else if (step.kind === 'join') sealed.splice(0, sealed.length, set.log.join())
        else {
          commit()
          if (step.kind === 'reload') {
            const open = set.log.open()
            set = new IdSet()
            set.load(sealed, open)
          }
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('a long run of ids stays small, and chunks are sealed', () => {
  const set = new IdSet()
  const sealed: Uint8Array[] = []
  for (let i = 0; i < 10_000; i++) {
    expect(set.add('', 3_735_683_259 + i, i)).toBe(FRESH)
    const chunk = i % 100 < 99 ? undefined : set.log.seal()
    if (chunk) sealed.push(chunk)
  }
  expect(sealed.length).toBeGreaterThan(10)
  expect(sealed.reduce((bytes, chunk) => bytes + chunk.length, set.log.length)).toBeLessThan(55_000)
  const read = new IdSet()
  read.load(sealed, set.log.open())
  for (let i = 0; i < 10_000; i++) expect(read.add('', 3_735_683_259 + i, i)).toBe(DUPLICATE)
})

test('of an id whose content is not known every copy is a repeated one, also after being read back', () => {
  const set = new IdSet()
  set.know('d-', 17)
  expect([set.add('d-', 17, 5), set.add('d-', 18, 5)]).toEqual([DUPLICATE, FRESH])
  const read = new IdSet()
  read.load([], set.log.open())
  expect([read.add('d-', 17, 6), read.add('d-', 18, 6)]).toEqual([DUPLICATE, MISMATCH])
})

test('a trade without an id is never known', () => {
  const set = new IdSet()
  expect([set.add('', NO_ID, 1), set.add('', NO_ID, 1)]).toEqual([FRESH, FRESH])
})

test.each([
  ['17', 2],
  ['20131007-17', 2],
  ['a0', 1],
  ['a007', 0],
  ['0', 1],
  ['00', 0],
  ['x', 0],
  ['', 0],
  ['1234567890123456', 0],
  ['a123456789012345', 15],
])('the number at the end of %j has %d digits', (text, digits) => expect(numberLength(text)).toBe(digits))

test('a fingerprint tells every part of a trade', () => {
  const prints = [
    fingerprint(1, 2, 3, 1),
    fingerprint(2, 2, 3, 1),
    fingerprint(1, 2.000_000_000_000_000_4, 3, 1),
    fingerprint(1, 2, 3.5, 1),
    fingerprint(1, 2, 3, 2),
    fingerprint(1, 2, 3, 0),
    fingerprint(1, 3, 2, 1),
  ]
  expect(new Set(prints).size).toBe(prints.length)
  expect(fingerprint(1, 2, 3, 1)).toBe(prints[0])
  // Stored: never change what it gives.
  expect(fingerprint(1_697_292_000_000, 45_000, 0.5, 1)).toBe(2538432088)
})
