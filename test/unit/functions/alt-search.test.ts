import { beforeEach, expect, test } from 'vitest'
import { altSearch } from '../../../functions/alt-search/handler.ts'
import { cursorOf } from '../../../functions/alt-search/request.ts'
import type { DocPage, DocQuery, DocSearch } from '../../../shared/ports/doc-search.ts'

const ID = 'a'.repeat(64)
const NOTHING: DocPage = { total: 0, atLeast: false, documents: [], facets: { category: [], source: [], symbols: [] }, end: undefined }

let asked: DocQuery[]
let liked: [string, number][]
let page: DocPage
let app: ReturnType<typeof altSearch>
beforeEach(() => {
  asked = []
  liked = []
  page = NOTHING
  const search: DocSearch = {
    async find(query) {
      asked.push(query)
      return page
    },
    async like(id, size) {
      liked.push([id, size])
      return []
    },
    one: async () => undefined,
  }
  app = altSearch(search)
})
const get = async (path: string) => {
  const answer = await app.request(path)
  return { status: answer.status, link: answer.headers.get('link'), body: (await answer.json()) as Record<string, unknown> }
}

test('all parameters', async () => {
  const query =
    'q=rate%20cut&symbols=btc,%20Eth,&category=News&source=x&from=2026-01-01&to=1767312000000&duplicates=hide&sort=newest&size=5'
  expect((await get(`/alt/search?${query}`)).status).toBe(200)
  expect(asked).toEqual([
    {
      q: 'rate cut',
      symbols: ['BTC', 'ETH'],
      category: 'news',
      source: 'x',
      fromMs: Date.UTC(2026, 0, 1),
      toMs: 1767312000000,
      distinct: true,
      sort: 'newest',
      size: 5,
      after: undefined,
    },
  ])
})

test('words are sorted by relevance, without words the newest come first', async () => {
  await get('/?q=fed')
  await get('/?q=%20')
  await get('/')
  expect(asked.map(({ q, sort, size }) => [q, sort, size])).toEqual([
    ['fed', 'relevance', 20],
    [undefined, 'newest', 20],
    [undefined, 'newest', 20],
  ])
})

test('the next page is asked for by a cursor, in the same order', async () => {
  page = { ...NOTHING, end: [1.5, 1767312000000, 7] }
  const { body, link } = await get('/alt/search?q=fed&size=2')
  const next = new URLSearchParams(String(body.next).slice(1))
  expect(Object.fromEntries(next)).toEqual({
    q: 'fed',
    size: '2',
    sort: 'relevance',
    cursor: cursorOf('relevance', [1.5, 1767312000000, 7]),
  })
  expect(link).toBe(`<${String(body.next)}>; rel="next"`)
  await get(`/alt/search${String(body.next)}`)
  expect(asked[1]).toMatchObject({ q: 'fed', size: 2, sort: 'relevance', after: [1.5, 1767312000000, 7] })
})

test.each([
  `q=${'x'.repeat(513)}`,
  'size=0',
  'size=101',
  'from=soon',
  'category=../x',
  'sort=oldest',
  'colour=red',
  `symbols=${Array(51).fill('A').join()}`,
  'cursor=x',
  `cursor=${cursorOf('newest', [1, 2, 3])}`,
  `q=x&cursor=${cursorOf('newest', [1, 2])}`,
  `cursor=${Buffer.from('["newest",[1,"2"]]').toString('base64url')}`,
])('%s is refused', async (query) => {
  expect(await get(`/alt/search?${query}`)).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST' } })
  expect(asked).toEqual([])
})

test('documents by their ids', async () => {
  expect(await get(`/alt/search/${ID}/like?size=3`)).toMatchObject({ status: 200, body: { documents: [] } })
  expect(liked).toEqual([[ID, 3]])
  expect(await get(`/${ID}`)).toMatchObject({ status: 404, body: { code: 'ERR_NOT_FOUND' } })
  expect((await get('/alt/search/_all/like')).status).toBe(404)
  expect((await get(`/alt/search/${ID}/like?size=101`)).status).toBe(400)
})
