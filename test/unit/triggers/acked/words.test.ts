import { expect, test } from 'vitest'
import { detach, payloadOf } from '../../../../triggers/acked/content.ts'
import { words } from '../../../../triggers/acked/words.ts'
import { held } from './content.ts'

const two = () => [held({ reply: '$JS.ACK.1' }).content, held({ reply: '$JS.ACK.22', payload: 'other' }).content]

test.each([
  ['ack', ' 0\r\n\r\n'],
  ['term', ' 5\r\n+TERM\r\n'],
  ['nak', ' 4\r\n-NAK\r\n'],
  ['renew', ' 4\r\n+WPI\r\n'],
] as const)('%s is said of each message, all in one piece', (word, end) => {
  expect(words(word, two()).toString()).toBe(`PUB $JS.ACK.1${end}PUB $JS.ACK.22${end}`)
})

test('a message with a buffer of its own is said and read as before', () => {
  const [first, second] = two()
  const shared = Buffer.concat([first!.bytes, second!.bytes])
  const shift = first!.bytes.length
  const moved = { ...second!, bytes: shared, replyStart: shift, replyEnd: second!.replyEnd + shift, headerStart: second!.headerStart + shift, payloadStart: second!.payloadStart + shift, payloadEnd: second!.payloadEnd + shift } // biome-ignore format: one line
  const before = words('ack', [moved]).toString()
  detach(moved)
  expect(moved.bytes.length).toBe(second!.bytes.length)
  expect([words('ack', [moved]).toString(), payloadOf(moved).toString()]).toEqual([before, 'other'])
})
