import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanLine, cleanText } from '../../../../functions/alt-ingest/text/clean.ts'
import { decodeText } from '../../../../functions/alt-ingest/text/decode.ts'
import { languageOf } from '../../../../functions/alt-ingest/text/language.ts'
import { wordsOf } from '../../../../functions/alt-ingest/text/words.ts'
import { msOfWhen } from '../../../../functions/alt-ingest/when.ts'

describe('cleaning', () => {
  test('one kind of blank and of line end, nothing unseen, NFC', () => {
    expect(cleanText(' a\u00a0\u2003b\r\n\r\n\r\n\u200bc\u00add\u0007 e\u0301 \ufeff\ud800x')).toBe('a b\n\ncd é \ufffdx')
    expect(cleanLine('a\n\nb')).toBe('a b')
  })

  test('a letter keeps thirty marks: half a million of them would be work for minutes', () => {
    const marks = '\u0301\u0327'.repeat(250_000)
    expect(cleanText(`a${marks} b`)).toMatch(/^á?a?\p{M}{1,30} b$/u)
    expect(cleanText('\u0344'.repeat(40))).toHaveLength(30)
  })

  test('done twice it is done once', () => {
    const character = fc
      .oneof(fc.nat(0x2fff), fc.nat(0x10ffff), fc.constantFrom(10, 13, 32, 0xa0, 0x200b, 0x301, 0x344))
      .map((code) => String.fromCodePoint(code))
    fc.assert(fc.property(fc.string({ unit: character }), (text) => void expect(cleanText(cleanText(text))).toBe(cleanText(text))))
  })
})

describe('decoding', () => {
  const latin = Buffer.from([0x65, 0xe9])
  test.each([
    ['by its content type', latin, 'text/html; charset="ISO-8859-1"', 'eé'],
    ['by its byte order mark', Buffer.from('\ufefféx', 'utf16le'), 'text/html; charset=utf-8', 'éx'],
    [
      'by an XML declaration',
      Buffer.concat([Buffer.from("<?xml version='1.0' encoding='windows-1252'?>"), latin]),
      '',
      "<?xml version='1.0' encoding='windows-1252'?>eé",
    ],
    ['by a meta', Buffer.concat([Buffer.from('<meta charset=latin1>'), latin]), '', '<meta charset=latin1>eé'],
    ['else as UTF-8', Buffer.from('é'), '', 'é'],
  ])('%s', (_, bytes, type, text) => {
    expect(decodeText(bytes, type)).toBe(text)
  })

  test('a charset that nobody knows is an error', () => {
    expect(() => decodeText(latin, 'text/html; charset=klingon')).toThrow(RangeError)
  })
})

describe('dates', () => {
  const ms = Date.parse('2003-06-10T04:00:00Z')
  test.each([
    ['Tue, 10 Jun 2003 04:00:00 GMT', ms],
    ['10 Jun 03 04:00 Z', ms],
    ['Tue, 10 June 2003 00:00:00 EDT', ms],
    ['Tue, 10 Jun 2003 06:00:00 +0200', ms],
    ['2003-06-10T04:00:00Z', ms],
    ['2003-06-10', Date.parse('2003-06-10')],
    ['June 10, 2003', Date.parse('2003-06-10')],
    [ms, ms],
    [ms / 1000, ms],
  ])('%s', (date, expected) => {
    expect(msOfWhen(date)).toBe(expected)
  })

  test.each([
    'yesterday',
    '2003-02-30',
    '31 Feb 2003 00:00 GMT',
    '10 Jun 2003 25:00 GMT',
    '10 Jun 2003 10:00 XYZ',
    'in 2003',
    '',
    null,
    Number.NaN,
    {},
    '1'.repeat(70),
  ])('nothing is guessed: %s', (date) => {
    expect(msOfWhen(date)).toBeUndefined()
  })
})

test('languages are told of a sentence, and not of what is too short or no language', () => {
  expect(languageOf('The Federal Reserve left its target rate unchanged')).toBe('en')
  expect(languageOf('Die Europäische Zentralbank lässt die Zinsen unverändert')).toBe('de')
  expect(languageOf('日本銀行は金融政策を維持した')).toBe('ja')
  for (const text of ['', 'ETF', 'BTC/USD 60000', '8-K', '12,345 | 678 | 910 | 11 | 12 | 13 | 14'])
    expect(languageOf(text), text).toBeNull()
})

test('words are taken out of a text where they stand, none is lost, none overlaps', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      let end = 0
      for (const word of wordsOf(text)) {
        expect(word.start).toBeGreaterThanOrEqual(end)
        expect(text.slice(word.start, word.end)).toBe(word.text)
        expect(text.slice(end, word.start)).not.toMatch(/[\p{L}\p{N}&$]/u)
        end = word.end
      }
      expect(text.slice(end)).not.toMatch(/[\p{L}\p{N}&$]/u)
    }),
  )
})
