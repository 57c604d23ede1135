import type { BatchHead } from './batch.ts'

/**
 * W3C trace context: version, trace id, parent id, flags. Zeros alone are no id, `ff` is no version; versions to come may add fields at the end.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header, and section 4.3 for versions
 */
const FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** A `traceparent` as it goes on: unchanged, or what version 00 knows of a later one. Undefined where it is none: then a new trace begins. */
export function parseTraceparent(text: string | undefined): string | undefined {
  const [, version, trace, parent, flags, rest] = FORM.exec(text ?? '') ?? []
  if (version === undefined || (version === '00' && rest !== undefined)) return undefined
  return version === '00' ? text : `00-${trace}-${parent}-${Number.parseInt(flags!, 16) & 1 ? '01' : '00'}`
}

/** The trace that a message's raw NATS header block names. */
export function traceparentIn(block: string | undefined): string | undefined {
  return block === undefined ? undefined : parseTraceparent(/^traceparent:[ \t]*(\S*)[ \t]*\r$/im.exec(block)?.[1])
}

/** The trace that a batch continues: that of its last message with one. */
export function traceparentOf({ headers }: Pick<BatchHead, 'headers'>): string | undefined {
  // In the order of the messages, as integers are as keys. From the end, the first is nearly always the one.
  const blocks = headers ? Object.values(headers) : []
  for (let i = blocks.length - 1; i >= 0; i--) {
    const found = traceparentIn(blocks[i])
    if (found !== undefined) return found
  }
  return undefined
}
