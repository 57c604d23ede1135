import { expect, test } from 'vitest'
import { RetryableError } from '../../../../shared/runtime/errors.ts'
import { definePositioned, type Outcome } from '../../../../shared/runtime/positioned.ts'
import { tickBatch } from '../../../support/tick-batch.ts'

const message = { seq: 1, subject: 'ticks.a.B', text: '{}', brokerMs: 0 }

const answer = async (outcome: Outcome | Error, body: string | Uint8Array = tickBatch([message])) => {
  const app = definePositioned({
    name: 'sample',
    async apply() {
      if (outcome instanceof Error) throw outcome
      return outcome
    },
    positions: async (stream) => ({ 0: stream === 'S' ? { version: 1, ns: '2' } : null }),
  })
  const res = await app.request('/', { method: 'POST', body })
  return { app, status: res.status, body: (await res.json()) as object }
}

test.each([
  [{ kind: 'applied', applied: 3, rejected: 1 }, 200, { ok: true, applied: 3, repeat: false, rejected: 1 }],
  [{ kind: 'repeat' }, 200, { ok: true, applied: 0, repeat: true, rejected: 0 }],
  [{ kind: 'conflict', positions: { 0: null } }, 409, { code: 'ERR_POSITION', positions: { 0: null } }],
  [new RetryableError('ERR_UNAVAILABLE', 'away'), 503, { code: 'ERR_UNAVAILABLE' }],
] as const)('%j answers %d', async (outcome, status, body) => {
  expect(await answer(outcome)).toMatchObject({ status, body })
})

test.each([
  ['no newline', 'x'],
  ['no JSON', 'x\n'],
  ['a head without its fields', '{}\n'],
  ['a message too many', `${new TextDecoder().decode(tickBatch([message]))}{}\n`],
])('%s answers 400 and applies nothing', async (_, body) => {
  expect(await answer(new Error('applied'), body)).toMatchObject({ status: 400, body: { code: 'ERR_BATCH' } })
})

test('a body beyond 32 MiB is refused', async () => {
  expect(await answer(new Error('applied'), new Uint8Array(32 * 1024 * 1024 + 1))).toMatchObject({ status: 413 })
})

test('positions are told for the stream that is named', async () => {
  const { app } = await answer({ kind: 'repeat' })
  expect(await (await app.request('/positions?stream=S')).json()).toEqual({ positions: { 0: { version: 1, ns: '2' } } })
  expect((await app.request('/positions')).status).toBe(400)
})
