import { documentsIn } from '../../shared/alt/documents.ts'
import { Firsts } from '../../shared/alt/firsts.ts'
import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import { type Batch, lineOf } from '../../shared/contract/framing.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import type { Reject } from '../../shared/domain/messages.ts'
import { fence } from '../../shared/domain/position.ts'
import { sequenceOf, versionOf } from '../../shared/domain/version.ts'
import type { FirstTable } from '../../shared/ports/first-table.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import type { FunctionApp } from '../../shared/runtime/function.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { definePositioned, type Outcome } from '../../shared/runtime/positioned.ts'
import { Turns } from '../../shared/runtime/turns.ts'
import { documentMetrics } from './metrics.ts'
import type { Refused, Sink } from './sink.ts'

const STREAM = STREAMS.ALT_DATA.name

type Ports = { readonly sink: Sink; readonly firsts: FirstTable; readonly deadLetters: Publisher }

/**
 * Stores each document of the stream once: that of its first message within 72 hours. The same function is deployed under two names, each with a store and
 * a position of its own: so neither waits for the other, and no write has to be done to both at once.
 */
export function indexAltDoc(name: string, { sink, firsts: table, deadLetters }: Ports): FunctionApp {
  const firsts = new Firsts(table, (version, timeMs) => sink.since(version, timeMs))
  const registry = createMetrics(name)
  const metrics = documentMetrics(registry)
  const turns = new Turns()

  return definePositioned({
    name,
    metrics: registry,
    // One after the other: what is a repeat depends on all before it.
    apply: (batch, traceparent) =>
      turns.take(
        () => apply(batch, traceparent),
        () => firsts.forget(),
      ),
    async positions(stream) {
      if (stream !== STREAM) throw new TerminalError('ERR_REQUEST', `documents come from ${STREAM}`)
      return { 0: await sink.position() }
    },
  })

  async function apply(batch: Batch, traceparent: string): Promise<Outcome> {
    const { stream, slots, epoch, last: sequence, lastNs, count } = batch.head
    if (stream !== STREAM || slots.length !== 1 || slots[0]![0] !== 0)
      throw new TerminalError('ERR_BATCH', `documents come from ${STREAM}, which has one slot`)
    const [[, after, begin]] = slots as [(typeof slots)[number]]
    const last = { version: versionOf(epoch, sequence), ns: lastNs }
    const stored = await sink.position()
    const verdict = fence([stored], [after], [begin === 1], last)
    if (verdict === 'repeat') return { kind: 'repeat' }
    const conflict = (): Outcome => ({ kind: 'conflict', positions: { 0: stored } })
    if (verdict === 'conflict') return conflict()
    if (count === 0 && stored?.version === last.version) return { kind: 'applied', applied: 0, rejected: 0 }

    const letter = (reject: Reject) => toDeadLetter({ functionName: name, traceparent, ...reject })
    const publish = (rejects: readonly Reject[]) => (rejects.length > 0 ? deadLetters.publishAll(rejects.map(letter)) : undefined)
    const { documents, rejects } = documentsIn(batch)
    await publish(rejects)
    const refusals: Reject[] = []
    const judged = await firsts.judge(documents, stored?.version ?? -1)
    const refusedIds = new Set<string>()
    const refuse = async (refused: readonly Refused[]) => {
      const more = refused.map((one) => rejectOf(batch, one))
      await publish(more)
      refusals.push(...more)
      for (const { document } of refused) refusedIds.add(document.id)
    }
    if (!(await sink.write({ documents: judged, slots, last, refuse }))) {
      firsts.forget()
      return { kind: 'conflict', positions: { 0: await sink.position() } }
    }
    const there = judged.filter(({ document }) => !refusedIds.has(document.id))
    await firsts.keep(
      there.map(({ document }) => document),
      last.version,
    )
    // In memory they stand among those that are stored.
    if (refusedIds.size > 0) firsts.forget()
    metrics.stored(there.length, there.filter(({ dupOf }) => dupOf !== null).length, documents.length - judged.length)
    const all = [...rejects, ...refusals]
    for (const { code } of all) metrics.rejected(code)
    return { kind: 'applied', applied: count - all.length, rejected: all.length }
  }
}

/** The dead letter of a document that the store refused. */
function rejectOf(batch: Batch, { document: { version, timeMs }, error }: Refused): Reject {
  const { stream, subjects, headers } = batch.head
  const sequence = sequenceOf(version)
  const i = batch.seqs.indexOf(sequence)
  const subject = subjects[batch.subject[i]!] ?? ''
  return { stream, sequence, subject, version, timeMs, code: 'FAILED', error, attempts: 1, headers: headers?.[i], body: lineOf(batch, i) }
}
