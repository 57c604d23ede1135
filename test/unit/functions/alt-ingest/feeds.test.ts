import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blocksOf, mayConnect } from '../../../../functions/alt-ingest/feeds/address.ts'
import { FeedsFile } from '../../../../functions/alt-ingest/feeds/feeds.ts'
import { retryAfterOf } from '../../../../functions/alt-ingest/feeds/fetch.ts'
import { readFeed } from '../../../../functions/alt-ingest/feeds/read.ts'
import { pauseMs, seenNow } from '../../../../functions/alt-ingest/feeds/state.ts'
import { rssItem, rssOf, shippedFeeds } from '../../../support/alt-ingest.ts'

const read = (text: string, type = 'application/xml') => readFeed(Buffer.from(text), type, 'https://example.com/feed')

describe('addresses', () => {
  test.each(
    '127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 240.0.0.1 192.0.2.1 198.18.0.1 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:a00:1 ::ffff:0:7f00:1 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd12::1 ff02::1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1:: 2001::1 2001:db8::1 100::1 example.com'.split(
      ' ',
    ),
  )('%s is refused', (address) => {
    expect(mayConnect(address, [])).toBe(false)
  })

  test.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
    expect(mayConnect(address, [])).toBe(true)
  })

  test('blocks that are allowed are, and no others', () => {
    const allowed = blocksOf('10.1.0.0/16, 127.0.0.1,fd00::/8')
    for (const address of ['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', 'fd12::1']) expect(mayConnect(address, allowed), address).toBe(true)
    for (const address of ['10.2.0.1', '127.0.0.2', '::1']) expect(mayConnect(address, allowed), address).toBe(false)
    expect(() => blocksOf('10.1.0.0/16, here')).toThrow()
  })

  test('an IPv4 address is judged alike in every form', () => {
    fc.assert(fc.property(fc.ipV4(), (address) => void expect(mayConnect(`::ffff:${address}`, [])).toBe(mayConnect(address, []))))
  })
})

describe('feeds are read', () => {
  const whole = (text: string, type?: string) => read(text, type).map(({ body, ...entry }) => ({ ...entry, body: body() }))

  test('RSS 2.0: what is HTML becomes text, the whole text goes before the summary, addresses are whole', () => {
    const item = `<item><title>A &amp;amp; B</title><link>/a</link><guid>g1</guid><dc:date>2020-01-01</dc:date><description>short</description>
      <content:encoded><![CDATA[<p>Full <b>text</b></p><script>no()</script>]]></content:encoded></item>`
    const xml = rssOf([item]).replace(
      '<rss ',
      '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" ',
    )
    expect(whole(xml)).toEqual([
      { id: 'g1', title: 'A & B', url: 'https://example.com/a', date: '2020-01-01', lang: undefined, body: 'Full text' },
    ])
  })

  test('RSS 1.0', () => {
    const xml = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>t</title></channel>
      <item rdf:about="http://x/1"><title>A</title><link>http://x/1</link><description>d</description><dc:date>2020-01-01T00:00:00Z</dc:date></item></rdf:RDF>`
    expect(whole(xml)).toMatchObject([{ id: 'http://x/1', title: 'A', url: 'http://x/1', date: '2020-01-01T00:00:00Z', body: 'd' }])
  })

  test('Atom: plain text stays as it is, the first publication is the date', () => {
    const xml = `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>3 &lt; 4</title><id>urn:1</id><link rel="self" href="http://x/self"/><link href="http://x/1"/>
      <published>2020-01-01T00:00:00Z</published><updated>2020-01-02T00:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <i>you</i></p></div></content></entry></feed>`
    expect(whole(xml)).toMatchObject([{ id: 'urn:1', title: '3 < 4', url: 'http://x/1', date: '2020-01-01T00:00:00Z', body: 'Hi you' }])
  })

  test('JSON Feed', () => {
    const json = {
      version: 'https://jsonfeed.org/version/1.1',
      title: 't',
      items: [{ id: '1', url: 'http://x/1', content_text: 'a < b', date_published: '2020-01-01', language: 'en' }],
    }
    expect(whole(JSON.stringify(json), 'application/feed+json')).toMatchObject([{ id: '1', title: '', body: 'a < b', lang: 'en' }])
  })

  test('an address that is none of the web is left out; an entry that nothing names is no entry', () => {
    const xml = rssOf([
      '<item><title>x</title><link>javascript:alert(1)</link></item>',
      '<item><description>only this</description></item>',
    ])
    expect(whole(xml)).toMatchObject([{ id: 'x', url: undefined }])
  })

  const laughs = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${rssOf(['<item><title>&b;</title></item>'])}`
  test.each([
    ['entities of its own', laughs],
    ['a page', '<html><body>Not here</body></html>'],
    ['nothing', ''],
    ['cut off', rssOf([rssItem('1')]).slice(0, 120)],
    ['no end of depth', `<rss version="2.0"><channel><item><title>${'<a>'.repeat(200_000)}`],
    ['JSON of something else', '{"items":[]}'],
    ['JSON without end', `{"version":"https://jsonfeed.org/version/1.1","items":${'['.repeat(200_000)}`],
    ['bytes', Buffer.from([0, 1, 2, 255, 254]).toString('latin1')],
  ])('malformed: %s', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ fault: 'malformed' }))
  })

  test('whatever is done to a feed, it is read or refused', () => {
    const xml = rssOf([rssItem('1'), rssItem('2')])
    fc.assert(
      fc.property(fc.nat(xml.length), fc.nat(20), fc.string(), (at, cut, put) => {
        try {
          for (const entry of read(xml.slice(0, at) + put + xml.slice(at + cut))) entry.body()
        } catch (error) {
          expect(error).toMatchObject({ fault: 'malformed' })
        }
      }),
    )
  })
})

test('a feed that fails is left alone longer each time, up to six hours, and as long as it asks for, up to a day', () => {
  const minute = 60_000
  expect([1, 2, 3, 30, 10_000].map((failures) => pauseMs(15 * minute, failures) / minute)).toEqual([15, 30, 60, 360, 360])
  expect(pauseMs(24 * 60 * minute, 9) / minute).toBe(24 * 60)
  expect(pauseMs(15 * minute, 1, 90 * minute) / minute).toBe(90)
  expect(pauseMs(15 * minute, 1, 1e12) / minute).toBe(24 * 60)
  expect(retryAfterOf('120')).toBe(120_000)
  expect(retryAfterOf('Wed, 21 Oct 2026 07:28:00 GMT', Date.parse('2026-10-21T07:27:00Z'))).toBe(60_000)
  for (const text of [undefined, 'soon', '-5', 'Wed, 21 Oct 1998 07:28:00 GMT']) expect(retryAfterOf(text)).toBeUndefined()
})

test('what was seen stays seen while there is room, what is listed goes first', () => {
  expect(seenNow(['c', 'b'], ['b', 'a'])).toEqual(['c', 'b', 'a'])
  expect(
    seenNow(
      [],
      Array.from({ length: 4_000 }, (_, i) => `${i}`),
    ),
  ).toHaveLength(3_000)
})

test('the feeds that are shipped are understood; an address with a password and two of one name are not', () => {
  expect(shippedFeeds().length).toBeGreaterThan(0)
  const feed = { name: 'a', url: 'https://example.com/', category: 'news' }
  expect(FeedsFile.parse({ feeds: [feed] }).feeds).toMatchObject([{ source: 'a', everyMs: 900_000, enabled: true }])
  for (const bad of [
    { ...feed, url: 'https://me:secret@example.com/' },
    { ...feed, url: 'ftp://example.com/' },
    { ...feed, every: '10s' },
    { ...feed, evry: '10m' },
  ])
    expect(FeedsFile.safeParse({ feeds: [bad] }).success).toBe(false)
  expect(FeedsFile.safeParse({ feeds: [feed, feed] }).success).toBe(false)
})
