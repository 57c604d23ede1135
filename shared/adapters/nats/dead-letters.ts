import { DeliverPolicy, JetStreamApiError, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { type FoundLetter, readLetter } from '../../contract/found-letter.ts'
import { STREAMS } from '../../contract/streams.ts'
import { deadLetterSubject } from '../../contract/subjects.ts'
import { RetryableError, TerminalError } from '../../runtime/errors.ts'

/** Which letters to read: what the server itself can sort out. */
export type Reading = {
  /** Only these functions'; all where there is none. */
  readonly functions: readonly string[]
  /** Only what was written at that time or later, ms. */
  readonly sinceMs: number | undefined
  /** Whether the refused messages' bytes are needed. */
  readonly bodies: boolean
}

/** The dead letters, for a person who looks through them. Every call fails when the server does not answer. */
export type DeadLetters = {
  /** How many each function has now, the number of the newest one ever written, and whether any was ever removed. */
  state(): Promise<{ readonly counts: ReadonlyMap<string, number>; readonly last: number; readonly hasRemoved: boolean }>
  /** All that there are at the call, in the order they were written, page by page; what is written while they are read is left out. */
  read(which: Reading): AsyncGenerator<readonly FoundLetter[]>
  /** Undefined where there is none of that number. */
  letter(sequence: number): Promise<FoundLetter | undefined>
  /** Removes these; one that is gone already is no error. */
  remove(sequences: readonly number[]): Promise<void>
  /** Removes all up to that number, of these functions or, where none is named, of all. Costs the server next to nothing. */
  removeUpTo(sequence: number, functions: readonly string[]): Promise<void>
}

const STREAM = STREAMS.DLQ.name
const PREFIX = deadLetterSubject('').length
const TIMEOUT_MS = 5000
/** A message may be as large as the server allows: so many at once are held in memory. */
const PAGE = 500
/** How long a page waits for letters that somebody else has just removed. */
const PAGE_WAIT_MS = 1000
const NOT_FOUND = { stream: 10059, message: 10057 } as const

export function natsDeadLetters(connection: NatsConnection): DeadLetters {
  const manager = jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false })
  const { consumers } = jetstream(connection, { timeout: TIMEOUT_MS })
  const subjects = (functions: readonly string[]) => functions.map(deadLetterSubject)

  return {
    async state() {
      const { state } = await asked(manager.then(({ streams }) => streams.info(STREAM, { subjects_filter: '>' })))
      const counts = Object.entries(state.subjects ?? {}).map(([subject, count]) => [subject.slice(PREFIX), count] as const)
      return { counts: new Map(counts), last: state.last_seq, hasRemoved: state.messages < state.last_seq }
    },
    async *read({ functions, sinceMs, bodies }) {
      const options = {
        ...(functions.length > 0 && { filter_subjects: subjects(functions) }),
        ...(sinceMs !== undefined && { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() }),
        headers_only: !bodies,
      }
      const consumer = await asked(consumers.get(STREAM, options))
      try {
        for (let left = (await consumer.info(true)).num_pending; left > 0; ) {
          const wanted = Math.min(left, PAGE)
          const page: FoundLetter[] = []
          for await (const message of await asked(consumer.fetch({ max_messages: wanted, expires: PAGE_WAIT_MS })))
            page.push(letterOf(message))
          if (connection.isClosed()) throw new RetryableError('ERR_UNAVAILABLE', 'the connection to NATS was lost')
          if (page.length > 0) yield page
          left = page.length < wanted ? 0 : left - wanted
        }
      } finally {
        if (!connection.isClosed()) await consumer.delete()
      }
    },
    async letter(sequence) {
      const found = await asked(manager.then(({ streams }) => streams.getMessage(STREAM, { seq: sequence })))
      return found ? of(found.seq, found.time.getTime(), found.subject, found.header, found.data) : undefined
    },
    async remove(sequences) {
      const { streams } = await manager
      await Promise.all(sequences.map((sequence) => asked(streams.deleteMessage(STREAM, sequence, false).catch(unless(NOT_FOUND.message)))))
    },
    async removeUpTo(sequence, functions) {
      const { streams } = await manager
      const filters = functions.length > 0 ? subjects(functions).map((filter) => ({ filter })) : [{}]
      for (const filter of filters) await asked(streams.purge(STREAM, { ...filter, seq: sequence + 1 }))
    },
  }
}

const letterOf = (message: JsMsg): FoundLetter => of(message.seq, message.time.getTime(), message.subject, message.headers, message.data)

/** Where only headers were asked for, the server says the size in one. */
function of(sequence: number, writtenMs: number, subject: string, headers: MsgHdrs | undefined, body: Uint8Array): FoundLetter {
  // The client would look through all names for each.
  const values = new Map(headers && [...headers].map(([name, [value]]) => [name, value] as const))
  const header = (name: string) => values.get(name) ?? ''
  return readLetter({ sequence, writtenMs, subject, header, sizeBytes: Number(header('Nats-Msg-Size')) || body.length, body })
}

const hasCode = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code

const unless = (code: number) => (error: unknown) => {
  if (!hasCode(error, code)) throw error
}

/** What the server says, in our errors. */
async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (hasCode(error, NOT_FOUND.stream)) throw new TerminalError('ERR_NOT_FOUND', `there is no stream ${STREAM}`)
    const why = error instanceof Error ? error.message : String(error)
    throw new RetryableError('ERR_UNAVAILABLE', `NATS on the stream ${STREAM}: ${why}`, error)
  }
}
