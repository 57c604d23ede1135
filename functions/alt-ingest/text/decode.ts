const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], charset: 'utf-8' },
  { bytes: [0xff, 0xfe], charset: 'utf-16le' },
  { bytes: [0xfe, 0xff], charset: 'utf-16be' },
]
/** Where XML and HTML say of themselves what they are written in. */
const DECLARED = /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})|<meta[^>]{1,200}?charset\s*=\s*["']?([\w.:-]{1,40})/i
const LOOKED_AT = 1024

/**
 * Reads bytes as text: by their byte order mark, by `charset` of the content type, by what an XML declaration or a `meta` of HTML says, else as UTF-8.
 * What is no character becomes U+FFFD.
 * @throws {RangeError} when the charset is not known.
 */
export function decodeText(bytes: Uint8Array, contentType = ''): string {
  const mark = MARKS.find((one) => one.bytes.every((byte, i) => bytes[i] === byte))
  const given = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]
  const declared = () => DECLARED.exec(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LOOKED_AT)).toString('latin1'))
  const charset = mark?.charset ?? given ?? declared()?.slice(1).find(Boolean) ?? 'utf-8'
  return new TextDecoder(charset).decode(bytes)
}
