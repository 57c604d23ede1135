import { expect, test } from 'vitest'
import { parseTraceparent } from '../../../../shared/contract/traceparent.ts'
import { defineAcked, oneByOne } from '../../../../shared/runtime/acked.ts'
import { ackedCall } from '../../../support/acked-call.ts'

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

test('the trace of a call reaches the handler, of a batch and of one plain message; without one a new trace begins', async () => {
  const traces: string[] = []
  const handle = oneByOne<Uint8Array>(async (_, traceparent) => {
    traces.push(traceparent)
  })
  const app = defineAcked({ name: 'sample', handle })

  await app.request('/', ackedCall(['a'], { traceparent: TRACE }))
  await app.request('/', { method: 'POST', headers: { traceparent: TRACE }, body: 'a' })
  await app.request('/', ackedCall(['a']))

  expect(traces.slice(0, 2)).toEqual([TRACE, TRACE])
  expect(traces[2]).not.toBe(TRACE)
  expect(parseTraceparent(traces[2])).toBe(traces[2])
})
