import { asyncPayload } from '../../shared/adapters/nats/async-payload.ts'
import type { Bodies } from '../../shared/adapters/nats/bodies.ts'
import { type AsyncCallback, asyncCallbackSubject, asyncHead, readAs } from '../../shared/contract/async.ts'
import type { Outgoing, Publisher } from '../../shared/ports/publisher.ts'

/** Results on their way to whoever asked to be called back: each is a message of its own, so that the function is not called again for its sake. */
export type Callbacks = {
  /** Takes the result of the call at `sequence`; there to stay when it resolves. Once for each call, whatever is repeated within the duplicate window. */
  put(sequence: string, result: AsyncCallback, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Publishes dead letters of calls, and with each that was never told to its caller a result that says so. */
  readonly letters: Publisher
}

/** The largest answer of a function that is called back with. */
const MOST_BYTES = 64 * 1024 * 1024
/** The status of a call that nobody answered. */
const UNREACHED = 503
/** What the last call came to, in the letter of one that failed too often or became too old. */
const LAST_STATUS = /^(?:older than \d+ ms; sent [^,]*, last: )?([45]\d\d):/

export function createCallbacks(publisher: Publisher, bodies: Bodies): Callbacks {
  /** Calls that were refused, by their sequence: their callers are told with the function's own answer. */
  const told = new Set<string>()
  const message = (sequence: string, { functionName }: Pick<AsyncCallback, 'functionName'>, payload: Uint8Array): Outgoing => ({
    subject: asyncCallbackSubject(functionName),
    payload,
    msgId: `callback:${sequence}`,
  })
  const untold = ({ payload, headers }: Outgoing): Outgoing[] => {
    const sequence = headers?.['Dlq-Seq'] ?? ''
    const call = readAs('call', payload as Uint8Array)
    if (told.delete(sequence) || typeof call === 'string' || call.head.callbackUrl === undefined) return []
    const status = Number(LAST_STATUS.exec(headers?.['Dlq-Error'] ?? '')?.[1] ?? UNREACHED)
    const { functionName, callId, callbackUrl } = call.head
    const result: AsyncCallback = { kind: 'callback', functionName, callId, callbackUrl, status, seconds: 0, headers: [] }
    return [message(sequence, result, asyncHead(result))]
  }
  return {
    async put(sequence, result, body) {
      const { payload } = await asyncPayload(bodies, result, body, MOST_BYTES)
      // Parts stay where publishing fails: the message may be there all the same, and the next try is then a repeat of it.
      await publisher.publishAll([message(sequence, result, payload)])
      if (result.status >= 400) told.add(sequence)
    },
    letters: {
      publishAll: (letters) => publisher.publishAll(letters.flatMap((letter) => [letter, ...untold(letter)])),
      tell: (subject, payload) => publisher.tell(subject, payload),
    },
  }
}
