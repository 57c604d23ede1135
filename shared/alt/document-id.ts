import { createHash } from 'node:crypto'
import { canonicalUrl } from './canonical-url.ts'
import { boundMarks } from './marks.ts'

type Named = { readonly url: string | null; readonly title: string; readonly body: string }

const SPACE = /\s+/gu

/** What makes two documents the same one: the address where they have one, else their title and text; spaces aside. SHA-256, 64 hexadecimal digits. */
export function documentId({ url, title, body }: Named): string {
  const address = url === null ? null : canonicalUrl(url)
  const name = address === null ? `text:${plain(title)}\n${plain(body)}` : `url:${address}`
  return createHash('sha256').update(name).digest('hex')
}

const plain = (text: string): string => boundMarks(text).normalize('NFC').replace(SPACE, ' ').trim()
