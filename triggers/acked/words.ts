import type { Content } from './content.ts'
import type { Word as Answer } from './step.ts'

/** What can be said of a message: that it is settled, given up, let go, or still worked on. */
export type Word = Answer | 'renew'

/** @see https://docs.nats.io/using-nats/developer/develop_jetstream/consumers (acknowledgements); nothing at all means settled. */
const SAID: Record<Word, string> = { ack: '', term: '+TERM', nak: '-NAK', renew: '+WPI' }

const PUB = Buffer.from('PUB ')

/** The commands that say one word of each of these messages. */
export function words(word: Word, contents: readonly Content[]): Buffer {
  const end = Buffer.from(` ${SAID[word].length}\r\n${SAID[word]}\r\n`)
  const size = contents.reduce((sum, { replyStart, replyEnd }) => sum + replyEnd - replyStart, contents.length * (PUB.length + end.length))
  const all = Buffer.allocUnsafe(size)
  let at = 0
  for (const { bytes, replyStart, replyEnd } of contents) {
    at += PUB.copy(all, at)
    at += bytes.copy(all, at, replyStart, replyEnd)
    at += end.copy(all, at)
  }
  return all
}
