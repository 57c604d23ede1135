import { endToEnd } from './headers.ts'

/** The head of a function's answer, without the headers that end at this hop. */
export type AnswerHead = {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value, ... */
  readonly headers: string[]
  /** Whether a Content-Length is among them. */
  readonly sized: boolean
}

/**
 * Where an answer goes, piece by piece: one head, any number of body parts, one end, which follows at once where a part is known to be the last. After a
 * head of status 101 the parts are another protocol's.
 */
export type AnswerSink = { head(head: AnswerHead): void; body(part: Buffer, isLast: boolean): void; end(): void }

const MAX_HEAD_BYTES = 64 * 1024
const BODILESS = new Set([204, 304])

/**
 * Reads one HTTP/1.1 answer (RFC 9112) from bytes that may be cut anywhere. Node's own client does the same at three times the CPU,
 * which was the larger half of a hop through the gateway. Anything irregular throws: the connection is of no use then.
 */
export class AnswerParser {
  /** How long the function keeps the connection for another request, by its own word: null when it says nothing, 0 when it closes it. */
  keptMs: number | null = 0
  #state: 'head' | 'sized' | 'size' | 'chunk' | 'chunk end' | 'trailer' | 'until close' | 'done' = 'head'
  #left = 0
  #pending: Buffer | null = null
  readonly #bodiless: boolean
  readonly #mayUpgrade: boolean
  readonly #sink: AnswerSink

  /** @param mayUpgrade - whether the request asked for another protocol. */
  constructor(method: string, sink: AnswerSink, mayUpgrade = false) {
    this.#bodiless = method === 'HEAD'
    this.#mayUpgrade = mayUpgrade
    this.#sink = sink
  }

  /** @throws {Error} when the bytes are no answer. */
  feed(bytes: Buffer): void {
    const all = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes
    this.#pending = null
    let at = 0
    while (at < all.length) {
      switch (this.#state) {
        case 'sized':
        case 'chunk': {
          const part = at === 0 && all.length <= this.#left ? all : all.subarray(at, at + this.#left)
          this.#left -= part.length
          at += part.length
          this.#sink.body(part, this.#state === 'sized' && this.#left === 0)
          if (this.#left > 0) break
          if (this.#state === 'chunk') this.#state = 'chunk end'
          else this.#end()
          break
        }
        case 'until close':
          this.#sink.body(all.subarray(at), false)
          at = all.length
          break
        case 'done':
          throw new Error('bytes after the end of the answer')
        default: {
          const mark = this.#state === 'head' ? '\r\n\r\n' : '\r\n'
          const end = all.indexOf(mark, at, 'latin1')
          if (end < 0) {
            if (all.length - at > MAX_HEAD_BYTES) throw new Error(`a head of more than ${MAX_HEAD_BYTES} bytes`)
            this.#pending = all.subarray(at)
            return
          }
          const text = all.toString('latin1', at, end)
          at = end + mark.length
          if (this.#state === 'head') this.#head(text)
          else this.#line(text)
        }
      }
    }
  }

  /** The function closed the connection: the end of an answer without a length, too early for any other. Says whether the answer is whole. */
  close(): boolean {
    if (this.#state === 'until close') this.#end()
    return this.#state === 'done'
  }

  #head(text: string): void {
    const [first, ...lines] = text.split('\r\n')
    const [, minor, code, reason = ''] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: (.*))?$/.exec(first!) ?? []
    if (code === undefined) throw new Error(`not an answer: ${first!.slice(0, 80)}`)
    const status = Number(code)
    if (status === 101 && !this.#mayUpgrade) throw new Error('an upgrade nobody asked for')
    // Interim answers (100, 103) come before the real one and are of no use to the caller.
    if (status < 200 && status !== 101) return
    const raw: string[] = []
    const known = { connection: '', length: '', coding: '', keep: '' }
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon <= 0 || line[0] === ' ' || line[0] === '\t') throw new Error(`not a header: ${line.slice(0, 80)}`)
      const name = line.slice(0, colon)
      const value = withoutBlanks(line, colon + 1)
      const lower = name.toLowerCase()
      if (lower !== 'content-length') raw.push(name, value)
      if (lower === 'content-length') known.length = once(known.length, value)
      else if (lower === 'transfer-encoding') known.coding = once(known.coding, value.toLowerCase())
      else if (lower === 'connection') known.connection += `${known.connection && ','}${value.toLowerCase()}`
      else if (lower === 'keep-alive') known.keep = value
    }
    // Said twice it is passed on once, as clients refuse two; and last, as Node would take a Content-Disposition behind it for bytes.
    if (known.length !== '') raw.push('Content-Length', known.length)
    this.keptMs = minor === '1' && !known.connection.includes('close') ? announcedMs(known.keep) : 0
    this.#frame(status, known)
    const headers = endToEnd(raw, known.connection)
    this.#sink.head({ status, reason, headers, sized: known.length !== '' || this.#state === 'done' })
    if (this.#state === 'done') this.#sink.end()
  }

  #frame(status: number, { length, coding }: { length: string; coding: string }): void {
    if (coding !== '' && coding !== 'chunked') throw new Error(`transfer coding ${coding} is not understood`)
    if (coding !== '' && length !== '') throw new Error('both a length and a transfer coding')
    if (length !== '' && !/^\d{1,15}$/.test(length)) throw new Error(`content-length ${length}`)
    this.#left = Number(length)
    if (status === 101) this.#state = 'until close'
    else if (this.#bodiless || BODILESS.has(status) || (length !== '' && this.#left === 0)) this.#state = 'done'
    else if (coding !== '') this.#state = 'size'
    else if (length !== '') this.#state = 'sized'
    else this.#state = 'until close'
    // A function that announces a body where none may be sends it as well, maybe later: it must not be the beginning of the next answer.
    const isForbidden = status === 204 && (coding !== '' || this.#left > 0)
    if (this.#state === 'until close' || isForbidden) this.keptMs = 0
  }

  #line(text: string): void {
    if (this.#state === 'size') {
      const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(text)?.[1]
      if (size === undefined) throw new Error(`not a chunk: ${text.slice(0, 80)}`)
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (this.#state === 'chunk end') {
      if (text !== '') throw new Error('a chunk longer than its size')
      this.#state = 'size'
    } else if (text === '') this.#end()
  }

  #end(): void {
    this.#state = 'done'
    this.#sink.end()
  }
}

/** A header's value. Only blanks and tabs go: to `trim` the last byte of an `à` in UTF-8 is a space too. */
function withoutBlanks(line: string, from: number): string {
  let [start, end] = [from, line.length]
  while (isBlank(line.charCodeAt(start))) start++
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--
  return line.slice(start, end)
}

const isBlank = (code: number) => code === 0x20 || code === 0x09

/** A header that may be repeated only with the same value. */
function once(known: string, value: string): string {
  if (known !== '' && known !== value) throw new Error(`two values of one header: ${known}, ${value}`)
  return value
}

function announcedMs(keepAlive: string): number | null {
  const seconds = /timeout=(\d+)/.exec(keepAlive)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
