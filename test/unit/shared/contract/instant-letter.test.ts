import { expect, test } from 'vitest'
import { readLetter } from '../../../../shared/contract/found-letter.ts'
import { toInstantLetter } from '../../../../shared/contract/instant-letter.ts'

const letter = {
  functionName: 'nightly',
  schedule: '0 2 * * * Europe/Berlin',
  atMs: Date.UTC(2026, 0, 31, 1),
  redriven: 0,
  code: 'FAILED',
  error: '500: no\r\nX-Other: line',
  attempts: 5,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

const read = (made: ReturnType<typeof toInstantLetter>) => {
  const headers: Record<string, string | undefined> = { ...made.headers, 'Nats-Msg-Id': made.msgId }
  const header = (name: string) => headers[name] ?? ''
  return readLetter({ sequence: 1, writtenMs: 2, subject: made.subject, header, sizeBytes: 0, body: new Uint8Array() })
}

test('the letter of an instant says what was due, why it was given up, and how often it was called', () => {
  expect(read(toInstantLetter(letter))).toMatchObject({
    functionName: 'nightly',
    instant: '2026-01-31T01:00:00.000Z',
    timeMs: letter.atMs,
    code: 'FAILED',
    error: '500: no X-Other: line',
    attempts: 5,
    redriven: 0,
    subject: undefined,
    msgId: 'nightly:cron.20260131T010000Z',
    traceparent: letter.traceparent,
  })
})

test('given up again after a redrive, it is a letter of its own', () => {
  expect(read(toInstantLetter({ ...letter, redriven: 2 }))).toMatchObject({ redriven: 2, msgId: 'nightly:cron.20260131T010000Z.2' })
})
