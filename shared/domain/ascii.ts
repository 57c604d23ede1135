/** The text of bytes [start, end), each of which is ASCII. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Whether `expected` stands at `start`. */
export function standsAt(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false
  return true
}

/** Remembers the last text read from bytes: ticks in a row mostly name the same exchange and id prefix, which then costs no new string. */
export class LastText {
  bytes: Uint8Array = new Uint8Array(0)
  text = ''

  /** The text of ASCII bytes [start, end). */
  read(bytes: Uint8Array, start: number, end: number): string {
    if (end - start === this.bytes.length && standsAt(bytes, start, this.bytes)) return this.text
    this.bytes = bytes.slice(start, end)
    this.text = asciiText(bytes, start, end)
    return this.text
  }
}
