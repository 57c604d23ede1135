import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'
import { deadLetterSubject } from '../../shared/contract/subjects.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { DeadMessage } from './lane.ts'

/**
 * Publishes a message that a function refuses for good, with its own bytes where the stream still has them.
 * Doing it again gives the same message id.
 * @throws {RetryableError} ERR_UNAVAILABLE when the broker is away.
 */
export async function bury(publisher: Publisher, stream: StreamAccess, functionName: string, dead: DeadMessage): Promise<void> {
  const { version, ms } = dead.mark
  const original = await stream.message(sequenceOf(version))
  await publisher.publishAll([
    {
      subject: deadLetterSubject(functionName),
      payload: original?.data ?? dead.line,
      msgId: `${functionName}:${version}`,
      headers: {
        'Dlq-Function': functionName,
        'Dlq-Stream': stream.name,
        'Dlq-Version': String(version),
        'Dlq-Seq': String(sequenceOf(version)),
        'Dlq-Subject': dead.subject,
        'Dlq-Code': 'FAILED',
        'Dlq-Error': oneLine(dead.cause),
        'Dlq-Attempts': String(dead.attempts),
        'Dlq-Time-Ms': String(ms),
      },
    },
  ])
}

/** A header is one line of visible ASCII. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').trim()
