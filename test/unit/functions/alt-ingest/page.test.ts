import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPage } from '../../../../functions/alt-ingest/text/page.ts'
import { realDocs } from '../../../support/real-data.ts'

describe('a page', () => {
  test('keeps paragraphs, and leaves out scripts, styles, navigation and what is hidden', () => {
    const page = readPage(`<html><head><title>The &amp; title</title><style>p { color: red }</style></head><body>
      <nav><a href="/">Home</a></nav><div role="navigation">Menu</div><script>if (1 < 2) alert('<p>no</p>')</script>
      <h1>Heading</h1><p>One <b>two</b>
      three&nbsp;&#8364;4.</p><p>Next<br>line</p><div style="display: none">hidden</div><p hidden>too</p><noscript>js</noscript>
      <ul><li>a<li>b</ul></body></html>`)
    expect(page.title).toBe('The & title')
    expect(page.text).toBe('Heading\n\nOne two three €4.\n\nNext\nline\n\n- a\n- b')
  })

  test('a row of a table is a line, without the cells that only make room; a sign goes to its number', () => {
    const { text } = readPage(
      '<table><tr><th>Name</th><th></th><th>2022<br>Bonus</th></tr><tr><td><p>A</p><p>B</p></td><td>&nbsp;</td><td>$</td><td>1,000</td></tr><tr><td></td></tr><tr><td>C</td><td>5</td><td>%</td></tr></table>',
    )
    expect(text).toBe('Name | 2022 Bonus\nA B | $1,000\nC | 5%')
  })

  test('a table for layout, with a table in it, does not tear rows apart', () => {
    expect(readPage('<table><tr><td>x<table><tr><td>a</td><td>b</td></tr></table></td><td>y</td></tr></table>').text).toBe(
      'x\n\na | b\n\ny',
    )
  })

  test.each([
    ['<meta property="article:published_time" content="2026-01-02T03:04:05Z"><time datetime="2020-01-01">', '2026-01-02T03:04:05Z'],
    ['<meta name="DC.date" content="2026-01-02">', '2026-01-02'],
    ['<p>Posted <time datetime="2026-01-02T03:04Z">yesterday</time></p>', '2026-01-02T03:04Z'],
    ['<p>no date</p>', undefined],
  ])('tells its date: %s', (html, date) => {
    expect(readPage(html).date).toBe(date)
  })

  test('tells its title and address', () => {
    const page = readPage(
      '<link rel="canonical" href="https://e.com/a"><meta property="og:title" content=" Better "><title>T</title><h1>H</h1>',
    )
    expect(page).toMatchObject({ title: 'Better', url: 'https://e.com/a' })
    expect(readPage('<h1>Only <i>this</i></h1>').title).toBe('Only this')
    expect(readPage('<svg><title>picture</title></svg><h1>H</h1>').title).toBe('picture')
  })

  test('that is nested without end is refused, in no time', () => {
    for (const html of ['<div>'.repeat(400_000), '<table><tr><td>'.repeat(100_000)])
      expect(() => readPage(html)).toThrow(expect.objectContaining({ code: 'ERR_LIMIT' }))
  })

  test('whatever comes, no markup and no character that is not seen is left, and reading never fails otherwise', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<td>',
      '<tr>',
      '<table>',
      '</table>',
      '<script>',
      '</script>',
      '<br>',
      '<!--',
      '-->',
      '&amp;',
      '&#0;',
      '&lt;',
      'a',
      ' ',
      '\u200b',
      '<![CDATA[',
      '<div style="display:none">',
      '</div>',
      '|',
      '<',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { text } = readPage(pieces.join(''))
        expect(text).not.toMatch(/\p{Default_Ignorable_Code_Point}|\n\n\n|^\s|\s$/u)
      }),
    )
  })
})

describe.skipIf(!realDocs.available)('real filings', () => {
  test.each([
    [
      'Oracle.8-K.html',
      'Awo Ablo | 2,300,385,739 | 21,926,604 | 250,464,124',
      'Common Stock, par value $0.01 per share | ORCL | New York Stock Exchange',
    ],
    [
      '1800Flowers.8-K.html',
      'Celia R. Brown | 281,090,975 | 8,149,740 | 3,936,780',
      'Class A Common Stock | FLWS | The Nasdaq Stock Market',
    ],
    [
      'form8k.Nordstrom.html',
      'Kenneth J. Worzel Chief Customer Officer | $— | $895,000',
      'Common stock, without par value | JWN | New York Stock Exchange',
    ],
  ])('%s: the tables can be read, what is hidden is gone', (name, row, symbol) => {
    const { text } = readPage(realDocs.filing(name))
    const lines = text.split('\n')
    expect(lines).toContain(row)
    expect(lines).toContain(symbol)
    expect(lines[0]).toBe('UNITED STATES')
    expect(text).not.toMatch(/us-gaap|<\w|&\w+;|\u00a0/)
  })
})
