import { expect, test } from 'vitest'
import { compareDocuments, compareLetters, compareNear, type Letter, type Placed } from '../../../chaos/documents/compare.ts'

const doc = (sequence: number, change: Partial<Placed> = {}): Placed => ({
  id: `id-${sequence}`,
  sequence,
  seenMs: 1000 + sequence,
  tsMs: 500,
  category: 'news',
  source: 'test',
  title: `Document ${sequence}`,
  body: '',
  url: null,
  symbols: ['BTC'],
  sentiment: null,
  lang: null,
  model: null,
  simhash: null,
  dupOf: null,
  place: 'here',
  ...change,
})
const ALL = [doc(1), doc(2), doc(3, { dupOf: 'id-1' })]
const compared = (found: readonly Placed[]) => {
  const { ok, found: text } = compareDocuments('store', ALL, found)
  return { ok, text }
}
const outcome = (documents: number, [missing, double, extra, different]: readonly [number, number, number, number]) =>
  `${documents} documents: ${missing} missing, ${double} double, ${extra} extra, ${different} fields different`

test('a store that has each document once, in any order, passes', () => {
  expect(compared([...ALL].reverse())).toEqual({ ok: true, text: outcome(3, [0, 0, 0, 0]) })
})

test('a missing, a double and an extra document fail', () => {
  expect(compared(ALL.slice(1))).toEqual({ ok: false, text: outcome(2, [1, 0, 0, 0]) })
  expect(compared([...ALL, doc(2)])).toEqual({ ok: false, text: outcome(4, [0, 1, 0, 0]) })
  expect(compared([...ALL, doc(4)])).toEqual({ ok: false, text: outcome(4, [0, 0, 1, 0]) })
  expect(compared([])).toEqual({ ok: false, text: outcome(0, [3, 0, 0, 0]) })
})

test.each([{ sequence: 9 }, { dupOf: 'id-1' }, { symbols: [] }, { body: 'other' }, { place: 'there' }, { sentiment: 0 }])(
  'a document that differs fails: %o',
  (change) => {
    const { ok, found, examples } = compareDocuments('store', ALL, [ALL[0]!, doc(2, change), ALL[2]!])
    expect({ ok, found }).toEqual({ ok: false, found: outcome(3, [0, 0, 0, 1]) })
    expect(examples[0]).toContain(`id-2 of message 2: ${Object.keys(change)[0]} is`)
  },
)

test('a near-duplicate of a later document, or of one that is not there, fails', () => {
  expect(compareNear('near', ALL).ok).toBe(true)
  expect(compareNear('near', [doc(1, { dupOf: 'id-2' }), doc(2)]).ok).toBe(false)
  expect(compareNear('near', [doc(1), doc(2, { dupOf: 'id-9' })]).ok).toBe(false)
})

const payload = Buffer.from('{')
const BAD = new Map([[5, { code: 'BAD_MESSAGE', payload }]])
const letter = (change: Partial<Letter> = {}): Letter => ({ functionName: 'a', sequence: 5, code: 'BAD_MESSAGE', payload, ...change })
const letters = (...all: readonly Letter[]) => compareLetters('letters', ['a', 'b'], BAD, all).ok

test('each function has to bury each malformed message once or more', () => {
  expect(letters(letter(), letter(), letter({ functionName: 'b' }))).toBe(true)
  expect(letters(letter())).toBe(false)
})

test.each([{ sequence: 6 }, { code: 'BAD_DATE' }, { functionName: 'c' }, { payload: Buffer.from('}') }])(
  'a letter that nothing explains fails: %o',
  (change) => {
    expect(letters(letter(), letter({ functionName: 'b' }), letter(change))).toBe(false)
  },
)
