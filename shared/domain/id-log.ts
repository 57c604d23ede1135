import { OPAQUE } from './trade-id.ts'

/** A chunk is sealed once it is this long, so no commit rewrites more than this and its own ids. */
const SEAL_BYTES = 512

const ESCAPE = 0
const PREFIX = 1
const TEXT = 2
const AGAIN = 3

/**
 * The ids of one bucket as chunks of bytes, in the order they came: what is stored of them. An entry is the step from the id before
 * (zigzag, 7 bits a byte) and its 4-byte fingerprint, about 5 bytes for ids in a row; a step of 0, which no new id makes, announces a prefix, a whole
 * text, or that what follows was a chunk of its own.
 * Each chunk is read on its own. The last one is open: it is written again with each commit until it is long enough to be sealed.
 */
export class IdLog {
  /** The chunks that are full. */
  readonly sealed: Uint8Array[] = []
  /** How many bytes of the open chunk are used. */
  length = 0
  #bytes = new Uint8Array(64)
  #prefix = ''
  #before = -1

  append(prefix: string, number: number, print: number): void {
    this.#reserve(16)
    if (number === OPAQUE) this.#escape(TEXT, prefix)
    else {
      if (prefix !== this.#prefix) this.#startPrefix(prefix)
      this.#varint(zigzag(number - this.#before))
      this.#before = number
    }
    this.#bytes[this.length++] = print
    this.#bytes[this.length++] = print >>> 8
    this.#bytes[this.length++] = print >>> 16
    this.#bytes[this.length++] = print >>> 24
  }

  /** The open chunk as it stands now; a copy. */
  open(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }

  /** Begins a new chunk if the open one is long enough, and gives that one: it is never written again. */
  seal(): Uint8Array | undefined {
    if (this.length < SEAL_BYTES) return undefined
    const chunk = this.open()
    this.sealed.push(chunk)
    this.length = 0
    this.#prefix = ''
    this.#before = -1
    if (this.#bytes.length > 4 * SEAL_BYTES) this.#bytes = new Uint8Array(64)
    return chunk
  }

  /** Makes one of all full chunks, and gives it: a function that starts reads a few large fields much faster than thousands of small ones. */
  join(): Uint8Array {
    const chunks = this.sealed.splice(0)
    const joined = new Uint8Array(chunks.reduce((size, { length }) => size + length + 2, 0))
    let at = 0
    for (const chunk of chunks) {
      joined[at] = ESCAPE
      joined[at + 1] = AGAIN
      joined.set(chunk, at + 2)
      at += 2 + chunk.length
    }
    this.sealed.push(joined)
    return joined
  }

  /** Goes on from what is stored: the full chunks, and the open one. */
  resume(sealed: readonly Uint8Array[], open: Uint8Array): void {
    this.sealed.push(...sealed)
    readChunk(open, (prefix, number, print) => this.append(prefix, number, print))
  }

  /** Every id with its fingerprint, in the order they came. */
  each(take: (prefix: string, number: number, print: number) => void): void {
    for (const chunk of this.sealed) readChunk(chunk, take)
    readChunk(this.#bytes.subarray(0, this.length), take)
  }

  #startPrefix(prefix: string): void {
    this.#escape(PREFIX, prefix)
    this.#prefix = prefix
    this.#before = -1
    this.#reserve(16)
  }

  #escape(kind: number, text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.#reserve(bytes.length + 16)
    this.#bytes[this.length++] = ESCAPE
    this.#bytes[this.length++] = kind
    this.#varint(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 127) {
      this.#bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.length++] = rest
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

const zigzag = (step: number): number => (step < 0 ? -2 * step - 1 : 2 * step)

/** Reads the ids of one chunk, in order. */
function readChunk(chunk: Uint8Array, each: (prefix: string, number: number, print: number) => void): void {
  let at = 0
  let prefix = ''
  let before = -1
  const varint = () => {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = chunk[at++]!
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
  }
  const text = () => {
    const length = varint()
    at += length
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(chunk.subarray(at - length, at))
  }
  const print = () => {
    at += 4
    return (chunk[at - 4]! | (chunk[at - 3]! << 8) | (chunk[at - 2]! << 16) | (chunk[at - 1]! << 24)) >>> 0
  }
  while (at < chunk.length) {
    const step = varint()
    if (step !== ESCAPE) {
      before += step % 2 === 1 ? -(step + 1) / 2 : step / 2
      each(prefix, before, print())
      continue
    }
    const kind = chunk[at++]
    if (kind === TEXT) each(text(), OPAQUE, print())
    else {
      prefix = kind === PREFIX ? text() : ''
      before = -1
    }
  }
}
