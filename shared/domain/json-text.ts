import { standsAt } from './ascii.ts'

export const QUOTE_MARK = 34

/** 1 for the bytes that a plain string may hold: printable ASCII but the quotation mark and the backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, c) => (c >= 32 && c < 127 && c !== QUOTE_MARK && c !== 92 ? 1 : 0))

/** The offset of the quotation mark that ends a plain ASCII string without escapes, or -1. A byte that is not plain must follow somewhere. */
export function stringEnd(bytes: Uint8Array, start: number): number {
  let i = start
  while (PLAIN[bytes[i]!] === 1) i++
  return bytes[i] === QUOTE_MARK ? i : -1
}

/** The offset of the next byte that is no JSON white space (a newline never stands inside a message). */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  for (let c = bytes[i]!; c === 32 || c === 9 || c === 13; c = bytes[i]!) i++
  return i
}

const LITERALS = ['null', 'true', 'false'].map((text) => new TextEncoder().encode(text))

/** The offset after `null`, `true` or `false`, or -1. */
export function literalEnd(bytes: Uint8Array, start: number): number {
  for (const literal of LITERALS) if (standsAt(bytes, start, literal)) return start + literal.length
  return -1
}
