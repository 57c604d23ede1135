import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Block, mayConnect } from './address.ts'
import { FeedError } from './fault.ts'
import { type Lookup, lookupWithin } from './lookup.ts'

export type FetchSettings = {
  /** Who asks, as servers see it. */
  readonly agent: string
  /** Blocks of addresses that may be asked though they are not public. */
  readonly allowed: readonly Block[]
  readonly timeoutMs: number
  readonly mostBytes: number
  /** How names are resolved; the system's way unless given. */
  readonly lookup?: Lookup
}

/** What the server said of its answer the last time. */
export type Validators = { readonly etag?: string | undefined; readonly lastModified?: string | undefined }

export type Fetched =
  | { readonly kind: 'unchanged' }
  | ({ readonly kind: 'changed'; readonly body: Uint8Array; readonly contentType: string; readonly url: string } & Validators)

const MOST_REDIRECTS = 5
const MOST_HEADER_BYTES = 32 * 1024
const MOST_VALIDATOR = 1_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const ACCEPT =
  'application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml, text/xml, application/json;q=0.9'
const TYPES = /^(?:[\w.-]+\/(?:[\w.-]+\+)?(?:xml|json)|text\/plain|)$/i

/**
 * Fetches a feed. Every connection, those of redirects included, goes to an address that was looked at when it was made. What comes is decompressed
 * and counted piece by piece, and broken off at the limit.
 * @throws {FeedError} for everything that can go wrong.
 */
export async function fetchFeed(url: string, validators: Validators, settings: FetchSettings): Promise<Fetched> {
  const signal = AbortSignal.timeout(settings.timeoutMs)
  try {
    let at = new URL(url)
    for (let redirects = 0; ; redirects++) {
      const response = await ask(at, validators, settings, signal)
      try {
        const next = nextOf(response, at)
        if (!next) return await answerOf(response, at, settings.mostBytes)
        if (redirects === MOST_REDIRECTS) throw new FeedError('redirects', `more than ${MOST_REDIRECTS} redirects`)
        at = next
      } finally {
        response.destroy()
      }
    }
  } catch (cause) {
    if (cause instanceof FeedError) throw cause
    if (signal.aborted) throw new FeedError('timeout', `not read within ${settings.timeoutMs} ms`)
    throw new FeedError('unreachable', messageOf(cause), { cause })
  }
}

function ask(url: URL, { etag, lastModified }: Validators, settings: FetchSettings, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new FeedError('refused', `${url.protocol} is neither http nor https`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // Names are looked at where they are resolved; an address is never resolved.
  if (isIP(host) !== 0 && !mayConnect(host, settings.allowed)) throw new FeedError('refused', `${host} is not a public address`)
  const headers: Record<string, string> = { 'user-agent': settings.agent, accept: ACCEPT, 'accept-encoding': 'gzip, br' }
  if (etag) headers['if-none-match'] = etag
  if (lastModified) headers['if-modified-since'] = lastModified
  const request: typeof requestHttp = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const lookup = lookupWithin(settings.allowed, settings.lookup)
    // A connection of its own each time: none is kept whose address was looked at long ago.
    const asked = request(url, { headers, signal, lookup, agent: false, maxHeaderSize: MOST_HEADER_BYTES })
    asked.once('response', resolve).once('error', reject).end()
  })
}

/** Where a redirect leads; undefined for an answer that is none. */
function nextOf({ statusCode = 0, headers }: IncomingMessage, at: URL): URL | undefined {
  if (!REDIRECTS.has(statusCode)) return undefined
  const next = URL.parse(headers.location ?? '', at.href)
  if (!headers.location || !next) throw new FeedError('redirects', `${statusCode} without a location`)
  return next
}

async function answerOf(response: IncomingMessage, at: URL, mostBytes: number): Promise<Fetched> {
  const { statusCode: status = 0, headers } = response
  if (status === 304) return { kind: 'unchanged' }
  if (status !== 200) throw new FeedError('status', `it answers ${status}`, { retryAfterMs: retryAfterOf(headers['retry-after']) })
  const contentType = headers['content-type'] ?? ''
  const [type = ''] = contentType.split(';')
  if (!TYPES.test(type.trim())) throw new FeedError('content-type', `its content type is ${type.slice(0, 100)}`)
  const body = await bytesOf(response, mostBytes)
  const kept = (value: string | undefined) => (value !== undefined && value.length <= MOST_VALIDATOR ? value : undefined)
  return { kind: 'changed', body, contentType, url: at.href, etag: kept(headers.etag), lastModified: kept(headers['last-modified']) }
}

async function bytesOf(response: IncomingMessage, mostBytes: number): Promise<Uint8Array> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const chunks: Uint8Array[] = []
  let size = 0
  // Left in the middle, a stream is destroyed: what has not come is never decompressed.
  for await (const chunk of decompressed(response, encoding)) {
    size += chunk.length
    if (size > mostBytes) throw new FeedError('too-large', `more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

async function* decompressed(response: IncomingMessage, encoding: string): AsyncGenerator<Uint8Array> {
  if (encoding === 'identity') return yield* response as AsyncIterable<Uint8Array>
  const make = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[encoding]
  if (!make) throw new FeedError('encoding', `its content encoding is ${encoding.slice(0, 100)}`)
  const inflate = make()
  // What goes wrong on either side ends the reading below.
  const stream: Readable = pipeline(response, inflate, () => {})
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && /^(Z_|ERR_(_ERROR|BROTLI))/.test(String(cause.code)))
      throw new FeedError('encoding', `its ${encoding} is broken: ${cause.message}`, { cause })
    throw cause
  } finally {
    response.destroy()
  }
}

/** A server's `Retry-After`, in seconds or as a date. */
export function retryAfterOf(text: string | undefined, nowMs = Date.now()): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return ms > 0 ? ms : undefined
}

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
