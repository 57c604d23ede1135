import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Bar } from '../../shared/contract/bar.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { compareBars } from '../../triggers/sources/compare-bars.ts'
import { keyOf } from '../support/stored-bars.ts'
import type { Tape } from './tape.ts'

/** Every (bar, version) that the stream holds with two contents; `rev` is part of the content. */
export function contradictions(bars: readonly Bar[]): string[] {
  const editions = new Map<string, Bar>()
  const found: string[] = []
  for (const bar of bars) {
    const key = `${keyOf(bar)} version ${bar.version}`
    const first = editions.get(key)
    if (!first) editions.set(key, bar)
    else {
      found.push(...compareBars([bar], [first]).map((line) => `version ${bar.version} of ${line}`))
      if (first.rev !== bar.rev) found.push(`${key}: rev is ${bar.rev}, not ${first.rev}`)
    }
  }
  return found
}

/** A dead letter: its code and the message it speaks of. */
type Letter = { readonly code: string; readonly text: string }

/** All dead letters. */
export async function letters(connection: NatsConnection): Promise<Letter[]> {
  const stream = STREAMS.DLQ.name
  const { state } = await (await jetstreamManager(connection)).streams.info(stream)
  const all: Letter[] = []
  if (state.messages === 0) return all
  const consumer = await jetstream(connection).consumers.get(stream)
  for await (const message of await consumer.consume({ max_messages: 5000 })) {
    all.push({ code: message.headers?.get('Dlq-Code') ?? '', text: message.string() })
    if (message.info.streamSequence >= state.last_seq) break
  }
  return all
}

type LetterCheck = {
  readonly expected: number
  /** Bad messages that are in no letter with their code. */
  readonly missing: readonly string[]
  /** Letters that speak of no bad message, nor of a tick that came again when its bars were long done. */
  readonly unexplained: readonly string[]
  readonly late: number
}

/**
 * Every bad message must be in the dead letters with its code, and nothing else, but for one thing: after the stream was re-created or cut, ticks
 * come again; those whose bars are past the horizon by then are set aside as late, and have been counted before (equal bars show it).
 */
export function checkLetters(tape: Tape, all: readonly Letter[], cameAgain: boolean): LetterCheck {
  const codes = new Map<string, Set<string>>()
  for (const { text, code } of all) codes.set(text, (codes.get(text) ?? new Set()).add(code))
  const missing = [...tape.bad].filter(([text, { code }]) => !codes.get(text)?.has(code)).map(([text, { code }]) => `${code}: ${text}`)
  const late = new Set([...codes].flatMap(([text, found]) => (found.has('LATE_TS') ? [text] : [])))
  const again = new Set<string>()
  for (let i = 0; cameAgain && i < tape.length; i++) {
    const { text } = tape.message(i)
    if (late.has(text)) again.add(text)
  }
  const unexplained = [...codes].flatMap(([text, found]) =>
    [...found]
      .filter((code) => code !== tape.bad.get(text)?.code && !(code === 'LATE_TS' && again.has(text)))
      .map((code) => `${code}: ${text}`),
  )
  return { expected: tape.bad.size, missing, unexplained, late: again.size }
}
