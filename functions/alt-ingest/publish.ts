import type { StoringPublisher } from '../../shared/ports/publisher.ts'
import type { Ready } from './document.ts'

/** What became of a document, as the answer to a request tells it. */
export type Published = {
  readonly subject: string
  /** Its place in the stream; of a duplicate that of the message that is there already. */
  readonly sequence: number
  readonly duplicate: boolean
  readonly ts_ms: number | null
  readonly lang: string | null
  readonly symbols: readonly string[]
  readonly sentiment: number | null
}

/**
 * Publishes a document and waits until the stream has it.
 * @throws {TerminalError} TOO_LARGE when the broker takes no message of that size; {RetryableError} ERR_UNAVAILABLE when it does not answer.
 */
export async function publish(
  publisher: StoringPublisher,
  { subject, msgId, payload, doc }: Ready,
  traceparent: string,
): Promise<Published> {
  const { sequence, isDuplicate } = await publisher.store({ subject, payload, msgId, headers: { traceparent } })
  const { ts_ms, lang, symbols, sentiment } = doc
  return { subject, sequence, duplicate: isDuplicate, ts_ms, lang, symbols, sentiment }
}
