import type { Bar } from '../../shared/contract/bar.ts'
import { barSubject, encodeToken } from '../../shared/contract/subjects.ts'
import { parseTraceparent } from '../../shared/contract/traceparent.ts'
import type { Outgoing } from '../../shared/ports/publisher.ts'

/** What a commit stores of the bars it closed in a slot: the trace context of its call, then a bar a line. Null where there is none. */
export function toEntry(closed: readonly Bar[], traceparent: string): Uint8Array | null {
  if (closed.length === 0) return null
  return new TextEncoder().encode([traceparent, ...closed.map((bar) => JSON.stringify(bar))].join('\n'))
}

/** The messages of a stored entry. Whoever publishes them, they are the same: they belong to the trace of the call that closed the bars. */
export function messagesOfEntry(stored: Uint8Array): Outgoing[] {
  const lines = new TextDecoder().decode(stored).split('\n')
  const traceparent = parseTraceparent(lines[0])
  // Without one, it was stored before there were traces.
  if (traceparent === undefined) return lines.map((line) => toMessage(line))
  const headers = { traceparent }
  return lines.slice(1).map((line) => ({ ...toMessage(line), headers }))
}

function toMessage(line: string): Outgoing {
  const { interval, symbol, exchange, timestamp, version } = JSON.parse(line) as Bar
  const msgId = `bar:${encodeToken(exchange)}:${encodeToken(symbol)}:${interval}:${timestamp}:${version}`
  return { subject: barSubject(interval, symbol), payload: line, msgId }
}
