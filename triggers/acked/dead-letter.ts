import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import type { Outgoing } from '../../shared/ports/publisher.ts'
import { newTraceparent } from '../../shared/runtime/trace.ts'
import type { Content } from './content.ts'
import type { Dead } from './step.ts'

/** The dead letter of a message that is given up. Made again it has the same id. */
export function letterOf(functionName: string, stream: string, { message, code, error, attempts }: Dead<Content>): Outgoing {
  const { bytes, headerStart, payloadStart, payloadEnd, subject, traceparent } = message.content
  return toDeadLetter({
    functionName,
    stream,
    sequence: message.sequence,
    subject,
    code,
    error,
    attempts,
    timeMs: message.ms,
    headers: headerStart < payloadStart ? bytes.toString('utf8', headerStart, payloadStart) : undefined,
    traceparent: traceparent ?? newTraceparent(),
    body: bytes.subarray(payloadStart, payloadEnd),
  })
}
