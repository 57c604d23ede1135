import type { ZodType } from 'zod'
import type { DeadLetter } from '../contract/dead-letter.ts'
import { type Batch, lineOf } from '../contract/framing.ts'
import { versionOf } from './version.ts'

/** A message of a batch. `version` names it among all messages its stream ever held; `timeMs` is the broker's. */
export type Message<T> = { readonly value: T; readonly subject: string; readonly version: number; readonly timeMs: number }

/** A dead letter, but for the function and the call that write it. */
export type Reject = Omit<DeadLetter, 'functionName' | 'traceparent'>

/** Takes the messages of a batch apart: what to handle, and what can never succeed. */
export type Input<Item> = { read(batch: Batch): { readonly items: readonly Item[]; readonly rejects: readonly Reject[] } }

/** Why a message can never succeed. */
export type Refusal = { readonly code: string; readonly error: string }

type Options<T> = {
  /** The code of a message that does not fit the schema. */
  readonly code?: string
  /** Says what is wrong with a message that does; `timeMs` is the broker's time. */
  readonly check?: (value: T, subject: string, timeMs: number) => Refusal | undefined
}

const text = new TextDecoder('utf-8', { fatal: true })

/** Messages that are JSON of one schema; those that do not fit are rejects, and their neighbours go on. */
export const messagesOf = <T>(schema: ZodType<T>, { code = 'BAD_MESSAGE', check }: Options<T> = {}): Input<Message<T>> => ({
  read(batch) {
    const { stream, epoch, subjects, count, headers } = batch.head
    const items: Message<T>[] = []
    const rejects: Reject[] = []
    for (let i = 0; i < count; i++) {
      const body = lineOf(batch, i)
      const sequence = batch.seqs[i]!
      const place = { subject: subjects[batch.subject[i]!] ?? '', version: versionOf(epoch, sequence), timeMs: batch.times[i]! }
      const read = parse(schema, body)
      const refusal = 'error' in read ? { code, error: read.error } : check?.(read.value, place.subject, place.timeMs)
      if (refusal) rejects.push({ stream, sequence, ...place, ...refusal, attempts: 1, headers: headers?.[i], body })
      else if ('value' in read) items.push({ ...place, value: read.value })
    }
    return { items, rejects }
  },
})

function parse<T>(schema: ZodType<T>, body: Uint8Array): { readonly value: T } | { readonly error: string } {
  let json: unknown
  try {
    json = JSON.parse(text.decode(body))
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  return { error: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') }
}
