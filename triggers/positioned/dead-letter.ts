import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'
import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { nsOfMark } from './mark.ts'
import type { DeadMessage } from './step.ts'

/**
 * Publishes a message that a function refuses for good, with its own bytes where the stream still has them.
 * Doing it again gives the same message id.
 * @param traceparent - of the call that refused it: for a message that names no trace of its own.
 * @throws {RetryableError} ERR_UNAVAILABLE when the broker is away.
 */
export async function bury(
  publisher: Publisher,
  stream: StreamAccess,
  functionName: string,
  dead: DeadMessage,
  traceparent: string,
): Promise<void> {
  const { version, ms } = dead.mark
  const sequence = sequenceOf(version)
  const original = await stream.message(sequence)
  // A stream that was re-created holds another message there.
  const own = original?.ns === nsOfMark(dead.mark) ? original : undefined
  const letter = toDeadLetter({
    functionName,
    stream: stream.name,
    version,
    sequence,
    subject: dead.subject,
    code: 'FAILED',
    error: dead.cause,
    attempts: dead.attempts,
    timeMs: ms,
    headers: own?.headers,
    traceparent,
    body: own?.data ?? dead.line,
  })
  await publisher.publishAll([letter])
}
