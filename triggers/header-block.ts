import { type Header, headersIn } from '../shared/contract/header-block.ts'

/** Where a message's header block lies: it is empty for most messages. */
type Place = { readonly bytes: Buffer; readonly headerStart: number; readonly payloadStart: number }

/** Header lines that the server and its clients use among themselves. */
const OF_THE_BROKER = /^(NATS\/|Nats-|$)/

/** The header block, if it says anything to a function: ids and expectations for the broker alone are left out, they would double a batch. */
export function headerBlock({ bytes, headerStart, payloadStart }: Place): string | undefined {
  if (headerStart === payloadStart) return undefined
  const block = bytes.toString('utf8', headerStart, payloadStart)
  return block.split('\r\n').every((line) => OF_THE_BROKER.test(line)) ? undefined : block
}

/**
 * The lines of a header block that speak to a function, each as name and value. One character stands for one byte, as HTTP has it: so a value in UTF-8
 * goes on as it is.
 */
export function headerLines({ bytes, headerStart, payloadStart }: Place): Header[] {
  if (headerStart === payloadStart) return []
  return headersIn(bytes.toString('latin1', headerStart, payloadStart)).filter(([name]) => !OF_THE_BROKER.test(name))
}
