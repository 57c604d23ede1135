import type { OutgoingHttpHeaders } from 'node:http'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { headerLines } from '../header-block.ts'
import type { Content } from './content.ts'
import type { Held } from './step.ts'

/** What speaks of the connection, of the body's length, or to the gateway: never a message's to say. */
const NOT_THE_MESSAGES =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|content-length|authorization|cookie|traceparent|tracestate|x-topic|x-connector|x-nats-.*|x-call-id|x-affinity|x-forwarded-.*)$/i

/**
 * The headers of a call with one plain message, as OpenFaaS's connectors send them: `X-Topic`, `X-Connector`, the message's own, and what names the message
 * whenever it comes again.
 * @see https://github.com/openfaas/connector-sdk (types/invoker.go)
 */
export function connectorHeaders(
  functionName: string,
  stream: string,
  { content, sequence, ms, sends }: Held<Content>,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'Content-Type': 'text/plain', 'Idempotency-Key': `${functionName}:${stream}:${sequence}` }
  for (const [name, value] of headerLines(content)) if (!NOT_THE_MESSAGES.test(name) && isHeader(name, value)) set(headers, name, value)
  return {
    ...headers,
    'X-Topic': Buffer.from(content.subject).toString('latin1'),
    'X-Connector': 'trade2026',
    'X-Nats-Stream': stream,
    'X-Nats-Sequence': sequence,
    'X-Nats-Time-Ms': ms,
    'X-Nats-Attempt': sends,
  }
}

/** Over what stands there under the same name, whatever its case; several of one name go on together. */
function set(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const own = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase())
  const isOurs = own === 'Content-Type' || own === 'Idempotency-Key'
  if (own === undefined) headers[name] = value
  else if (isOurs) headers[own] = value
  else headers[own] = [headers[own] as string | string[], value].flat()
}

/** NATS takes names and values that HTTP does not. */
function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}
