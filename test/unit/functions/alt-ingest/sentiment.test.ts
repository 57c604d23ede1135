import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DIRECTIONS, WORDS } from '../../../../functions/alt-ingest/sentiment/lexicon.ts'
import { scoreOf } from '../../../../functions/alt-ingest/sentiment/score.ts'

const of = (text: string) => scoreOf(text).sentiment

describe('the score', () => {
  test('is good less bad over all, and small for few words', () => {
    expect(of('strong results')).toBeCloseTo(0.2)
    expect(of('weak results')).toBeCloseTo(-0.2)
    expect(of('strong but weak')).toBe(0)
    expect(of('The meeting is on Monday')).toBe(0)
    expect(of('strong solid robust excellent profitable growth record success')).toBeGreaterThan(0.6)
  })

  test('a word of direction counts by what moves', () => {
    expect(of('Profit fell')).toBeLessThan(0)
    expect(of('Unemployment fell')).toBeGreaterThan(0)
    expect(of('Losses fell')).toBeGreaterThan(0)
    expect(of('inflation rose')).toBeLessThan(0)
    expect(of('The bank raised its interest rate')).toBe(0)
    expect(of('It fell. Profit was announced on Monday')).toBeGreaterThan(of('Its profit fell'))
  })

  test('a negation turns a word, to half of it, and reaches three words and not into the next sentence', () => {
    expect(of('not strong')).toBeLessThan(0)
    expect(Math.abs(of('not strong'))).toBeLessThan(of('strong'))
    for (const text of ["isn't strong", 'no sign of strength', 'without success', "won't recover"]) expect(of(text), text).toBeLessThan(0)
    expect(of('We won the case')).toBeGreaterThan(0)
    expect(of('It is not here. Strong results')).toBeGreaterThan(0)
  })

  test('a word of degree makes it more or less', () => {
    expect(of('fell sharply in price')).toBeLessThan(of('fell in price'))
    expect(of('slightly weak')).toBeGreaterThan(of('weak'))
  })

  test('never leaves -1 to 1, whatever the text, and does not depend on capitals', () => {
    const word = fc.constantFrom(...WORDS.keys(), ...DIRECTIONS.keys(), 'not', 'very', 'profit', '.', ';', 'the')
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const score = of(words.join(' '))
        expect(Math.abs(score)).toBeLessThanOrEqual(1)
        expect(of(words.join(' ').toUpperCase())).toBe(score)
      }),
    )
  })
})

test('no word is both good or bad by itself and a direction', () => {
  expect([...WORDS.keys()].filter((word) => DIRECTIONS.has(word))).toEqual([])
  expect([...WORDS.keys()].filter((word) => !/^[a-z]{2,}$/.test(word))).toEqual([])
})
