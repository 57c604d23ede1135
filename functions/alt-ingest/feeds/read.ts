import { parseFeed } from 'feedsmith'
import { decodeText } from '../text/decode.ts'
import { readPage } from '../text/page.ts'
import { FeedError } from './fault.ts'

/** An entry as its feed tells it; `id` names it within the feed. Texts are plain, but not yet cleaned. */
export type Entry = {
  readonly id: string
  readonly title: string
  readonly url: string | undefined
  readonly date: string | undefined
  readonly lang: string | undefined
  /** Read when it is asked for: of most entries it never is, since they were seen before. */
  readonly body: () => string
}

/** More entries than this are left for the next time. */
const MOST_ENTRIES = 1_000

/**
 * Reads RSS 0.9 to 2.0, RSS 1.0 (RDF), Atom and JSON Feed, in the order of the feed.
 * The parser knows the five entities of XML and those of HTML; a document that declares its own is refused, so none can unfold.
 * @throws {FeedError} encoding, malformed
 */
export function readFeed(body: Uint8Array, contentType: string, url: string): Entry[] {
  const text = textOf(body, contentType)
  if (/<!ENTITY/i.test(text)) throw new FeedError('malformed', 'it declares entities')
  const { format, feed } = parsed(text)
  const read = readers[format] as (feed: unknown) => Partial<Entry>[]
  return read(feed).flatMap((entry) => {
    const link = entry.url === undefined ? undefined : (URL.parse(entry.url, url)?.href ?? undefined)
    const web = link !== undefined && /^https?:/.test(link) ? link : undefined
    const { title = '', date, lang, body = () => '' } = entry
    const id = entry.id ?? web ?? (title || undefined)
    return id === undefined ? [] : [{ id, title, url: web, date, lang, body }]
  })
}

function textOf(body: Uint8Array, contentType: string): string {
  try {
    return decodeText(body, contentType)
  } catch (cause) {
    throw new FeedError('encoding', 'its charset is not known', { cause })
  }
}

function parsed(text: string): ReturnType<typeof parseFeed> {
  try {
    return parseFeed(text, { maxItems: MOST_ENTRIES })
  } catch (cause) {
    throw new FeedError('malformed', 'it is not RSS, Atom or JSON Feed', { cause })
  }
}

type Feeds = ReturnType<typeof parseFeed>
type Of<F extends Feeds['format']> = Extract<Feeds, { format: F }>['feed']

/** Text that may be HTML: by RSS's convention all of it is. */
const fromHtml = (text: string): string => (/[<&]/.test(text) ? readPage(text).text : text)

const atomText = ({ value = '', type }: { readonly value?: string | undefined; readonly type?: string | undefined }) =>
  type === undefined || type === 'text' ? value : fromHtml(value)

const readers = {
  rss: (feed: Of<'rss'>) =>
    (feed.items ?? []).map((item) => ({
      id: item.guid?.value,
      title: fromHtml(item.title ?? ''),
      url: item.link ?? (item.guid?.isPermaLink === false ? undefined : item.guid?.value),
      date: (item.pubDate as string | undefined) ?? item.dc?.dates?.[0],
      lang: feed.language,
      body: () => fromHtml(item.content?.encoded ?? item.description ?? ''),
    })),
  rdf: (feed: Of<'rdf'>) =>
    (feed.items ?? []).map((item) => ({
      id: item.rdf?.about,
      title: fromHtml(item.title ?? ''),
      url: item.link ?? item.rdf?.about,
      date: item.dc?.dates?.[0],
      lang: feed.dc?.languages?.[0],
      body: () => fromHtml(item.content?.encoded ?? item.description ?? ''),
    })),
  atom: (feed: Of<'atom'>) =>
    (feed.entries ?? []).map((entry) => ({
      id: entry.id,
      title: atomText(entry.title ?? {}),
      url: (entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate') ?? entry.links?.[0])?.href,
      date: entry.published ?? entry.updated,
      lang: feed.xml?.lang,
      body: () => atomText(entry.content?.value ? entry.content : (entry.summary ?? {})),
    })),
  json: (feed: Of<'json'>) =>
    (feed.items ?? []).map((item) => ({
      id: item.id,
      title: item.title ?? '',
      url: item.url ?? item.external_url,
      date: item.date_published ?? item.date_modified,
      lang: item.language ?? feed.language,
      body: () => (item.content_html ? fromHtml(item.content_html) : (item.content_text ?? item.summary ?? '')),
    })),
}
