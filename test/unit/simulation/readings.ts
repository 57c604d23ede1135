import type * as product from '../../../shared/adapters/nats/wire-reader.ts'
import type { Stored, Stream } from './broker.ts'
import type { Context } from './time.ts'
import { currentContext, runAs } from './time.ts'

type Open = typeof product.openReading
type Handlers = Parameters<Open>[1]

/** A reading that is open: it shows a process the messages of a consumer, in order, until it is lost. */
type OpenReading = { readonly context: Context; readonly consumer: string; readonly handlers: Handlers }

let current: Readings | undefined

/** Stands for shared/adapters/nats/wire-reader.ts: leads to the run that is on. */
export const openReading: Open = (...given) => current!.opener(...given)

/** All readings that are open, over the connections of their own that wire-reader.ts makes. */
export class Readings {
  readonly open: OpenReading[] = []
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
  }

  /** From now on the product's readings are these. */
  install(): void {
    current = this
  }

  /** What `openReading` does, but for the sockets. */
  readonly opener: Open = async ({ consumer: made, stream: access }, handlers) => {
    const consumer = await made
    const reading = { context: currentContext()!, consumer, handlers }
    this.open.push(reading)
    const close = () => {
      if (this.#forget(reading)) access.removeConsumer(consumer).catch(() => {})
    }
    return { more: () => {}, close }
  }

  /** Those that could show something now. */
  movable(): OpenReading[] {
    return this.open.filter((reading) => {
      const { process } = reading.context
      return process.isAlive && !process.isPaused && this.#next(reading) !== undefined && reading.handlers.wantsMore()
    })
  }

  /** Those whose consumer is no more: a pull request finds nobody. */
  orphans(): OpenReading[] {
    return this.open.filter(({ consumer, context }) => !this.#stream.consumers.has(consumer) && !context.process.isPaused)
  }

  /** Shows the next messages, at most that many. */
  show(reading: OpenReading, most: number): number {
    let shown = 0
    runAs(reading.context, () => {
      for (; shown < most && this.open.includes(reading); shown++) {
        const next = this.#next(reading)
        if (!next) break
        this.#stream.consumers.set(reading.consumer, next.seq + 1)
        reading.handlers.message(wireMessage(next))
      }
      if (this.open.includes(reading)) reading.handlers.drained()
    })
    return shown
  }

  lose(reading: OpenReading): void {
    if (!this.#forget(reading) || !reading.context.process.isAlive) return
    runAs(reading.context, () => reading.handlers.lost('simulated'))
  }

  #next({ consumer }: OpenReading): Stored | undefined {
    const seq = this.#stream.consumers.get(consumer)
    return seq === undefined ? undefined : this.#stream.at(Math.max(seq, this.#stream.first))
  }

  #forget(reading: OpenReading): boolean {
    const at = this.open.indexOf(reading)
    if (at >= 0) this.open.splice(at, 1)
    return at >= 0
  }
}

/** A message as the wire reader shows it: in a buffer that is used again. */
function wireMessage({ seq, subject, data, ns }: Stored) {
  const bytes = Buffer.concat([Buffer.from(subject), data])
  let hash = 0x811c9dc5
  for (let i = 0; i < subject.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return {
    bytes,
    sid: 1,
    subjectStart: 0,
    subjectEnd: subject.length,
    subjectHash: hash,
    deliveries: 1,
    sequence: seq,
    consumerSequence: 0,
    ms: Number(ns.slice(0, -6)),
    subNs: Number(ns.slice(-6)),
    pending: 0,
    replyStart: 0,
    replyEnd: 0,
    headerStart: subject.length,
    payloadStart: subject.length,
    payloadEnd: bytes.length,
  }
}
