import type { AckedHead } from '../../shared/contract/acked.ts'
import { toRuns, toStepRuns } from '../../shared/contract/framing.ts'

/** A call of an acked trigger with a batch of these messages, from sequence 1 on. */
export function ackedCall(
  payloads: readonly string[],
  { subject = 's', traceparent }: { subject?: string; traceparent?: string } = {},
): RequestInit {
  const each = (value: number) => toRuns(payloads.map(() => value))
  const head: AckedHead = {
    stream: 'S',
    count: payloads.length,
    seqs: toStepRuns(payloads.map((_, i) => i + 1)),
    times: toStepRuns(payloads.map(() => 1_700_000_000_000)),
    subjects: [subject],
    subject: each(0),
    attempts: each(1),
  }
  const headers = { 'content-type': 'application/x-ndjson', ...(traceparent && { traceparent }) }
  return { method: 'POST', headers, body: `${[JSON.stringify(head), ...payloads].join('\n')}\n` }
}
