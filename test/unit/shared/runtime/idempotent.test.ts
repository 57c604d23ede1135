import { expect, test } from 'vitest'
import * as z from 'zod'
import { type Message, messagesOf } from '../../../../shared/domain/messages.ts'
import { versionOf } from '../../../../shared/domain/version.ts'
import type { PositionTable } from '../../../../shared/ports/position-table.ts'
import { RetryableError } from '../../../../shared/runtime/errors.ts'
import { defineIdempotent } from '../../../../shared/runtime/idempotent.ts'
import { barBatch } from '../../../support/bar-batch.ts'
import { memoryPositionTable } from '../../../support/memory-position-table.ts'
import { recordingPublisher } from '../../../support/recording-publisher.ts'

const Note = z.object({ note: z.string() })
const good = { subject: 'notes.a', text: '{"note":"good"}' }
const bad = { subject: 'notes.a', text: '{"note":7}' }
const [OF_CALL, OF_MESSAGE] = ['a', 'b'].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`) as [string, string]

/** A function whose steps are written down; the one named `fails` throws instead. */
function setUp() {
  const steps: string[] = []
  const items: Message<z.infer<typeof Note>>[] = []
  const traces: string[] = []
  const positions = memoryPositionTable()
  const letters = recordingPublisher()
  const failing = { step: '' }
  const take = async (step: string, work: () => void | Promise<void>) => {
    if (failing.step === step) throw new RetryableError('ERR_UNAVAILABLE', `${step} is away`)
    await work()
    steps.push(step)
  }
  const table: PositionTable = {
    read: positions.read,
    write: (...given) => take('position', () => positions.write(...given)),
  }
  const app = defineIdempotent({
    name: 'notes',
    positions: table,
    deadLetters: { ...letters, publishAll: (messages) => take('dead letters', () => letters.publishAll(messages)) },
    input: messagesOf(Note),
    handle: (given, traceparent) =>
      take('effect', () => {
        items.push(...given)
        traces.push(traceparent)
      }),
  })
  const post = async (body: string) => {
    const response = await app.request('/', { method: 'POST', body, headers: { traceparent: OF_CALL } })
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) }
  }
  const stand = async () => (await positions.read('BARS')).get(0)?.version
  return { post, steps, items, traces, letters, failing, stand }
}

test('dead letters, then the effect, then the position', async () => {
  const { post, steps, items, letters, stand } = setUp()

  expect(await post(barBatch([good, bad, good]))).toMatchObject({ status: 200, applied: 2, rejected: 1 })

  expect(steps).toEqual(['dead letters', 'effect', 'position'])
  expect(items).toEqual(
    [1, 3].map((n) => ({ value: { note: 'good' }, subject: 'notes.a', version: versionOf(1, n), timeMs: 1_697_292_060_123 })),
  )
  expect(letters.sent).toMatchObject([{ subject: 'dlq.notes', msgId: `notes:${versionOf(1, 2)}`, headers: { 'Dlq-Code': 'BAD_MESSAGE' } }])
  expect(await stand()).toBe(versionOf(1, 3))
})

test.each(['dead letters', 'effect', 'position'])(
  'when %s cannot be done, nothing after it is, and the batch can come again',
  async (step) => {
    const { post, steps, failing, stand } = setUp()
    const all = ['dead letters', 'effect', 'position']
    failing.step = step
    expect(await post(barBatch([good, bad]))).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
    expect([steps, await stand()]).toEqual([all.slice(0, all.indexOf(step)), undefined])

    failing.step = ''
    steps.length = 0
    expect(await post(barBatch([good, bad]))).toMatchObject({ status: 200 })
    expect([steps, await stand()]).toEqual([all, versionOf(1, 2)])
  },
)

test('only what there is to do is done', async () => {
  const { post, steps } = setUp()
  await post(barBatch([]))
  await post(barBatch([], { last: 4 }))
  await post(barBatch([], { after: 4, begin: false, nowMs: 1 }))
  await post(barBatch([good], { after: 4, begin: false }))
  await post(barBatch([good], { after: 4, begin: false }))
  expect(steps).toEqual(['position', 'position', 'effect', 'position'])
})

test('what is done and what is refused belong to the trace of the call, but for a message that names its own', async () => {
  const { post, traces, letters } = setUp()
  await post(barBatch([bad, good, bad], { headers: { 2: `NATS/1.0\r\ntraceparent: ${OF_MESSAGE}\r\n\r\n` } }))
  expect(traces).toEqual([OF_CALL])
  expect(letters.sent.map(({ headers }) => headers?.traceparent)).toEqual([OF_CALL, OF_MESSAGE])
})
