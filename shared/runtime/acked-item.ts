import type { AckedBatch } from '../contract/acked.ts'
import { headersIn } from '../contract/header-block.ts'

/** One message as a handler sees it. */
export type AckedItem<T> = {
  /** Its place in the batch: failures name it. */
  readonly index: number
  readonly value: T
  readonly subject: string
  readonly stream: string
  /** Its sequence in the stream: with `stream` it names the message, whenever and however often it comes. */
  readonly sequence: number
  /** The broker's time, ms. */
  readonly timeMs: number
  /** Which time this is that it is sent, from 1. */
  readonly attempt: number
  /** Messages of one number have one key; undefined where no order is kept. */
  readonly key: number | undefined
  /** A header of the message by its name, whatever its case. */
  header(name: string): string | undefined
  /** The same message with another value. */
  with<U>(value: U): AckedItem<U>
}

/** A message where it lies in its batch: nothing of it is read before it is asked for, since most handlers ask for little. */
class BatchItem<T> implements AckedItem<T> {
  readonly index: number
  readonly value: T
  readonly #batch: AckedBatch

  constructor(batch: AckedBatch, index: number, value: T) {
    this.#batch = batch
    this.index = index
    this.value = value
  }

  get subject(): string {
    return this.#batch.head.subjects[this.#batch.subject[this.index]!] ?? ''
  }

  get stream(): string {
    return this.#batch.head.stream
  }

  get sequence(): number {
    return this.#batch.seqs[this.index]!
  }

  get timeMs(): number {
    return this.#batch.times[this.index]!
  }

  get attempt(): number {
    return this.#batch.attempts[this.index]!
  }

  get key(): number | undefined {
    return this.#batch.keys?.[this.index]
  }

  header(name: string): string | undefined {
    const block = this.#batch.head.headers?.[this.index]
    return block === undefined ? undefined : headerIn(block, name)
  }

  with<U>(value: U): AckedItem<U> {
    return new BatchItem(this.#batch, this.index, value)
  }
}

/** The messages of a batch, each with its own bytes as value. */
export function itemsOf(batch: AckedBatch): AckedItem<Uint8Array>[] {
  const { body, starts, ends, head } = batch
  return Array.from({ length: head.count }, (_, i) => new BatchItem(batch, i, body.subarray(starts[i]!, ends[i]!)))
}

/** The one message of a request as OpenFaaS's connectors send it; a caller by hand may leave out all headers. */
export function itemOfRequest(request: { header(name: string): string | undefined }, body: Uint8Array): AckedItem<Uint8Array> {
  const number = (name: string) => Number(request.header(name) ?? 0)
  const place = {
    index: 0,
    subject: request.header('x-topic') ?? '',
    stream: request.header('x-nats-stream') ?? '',
    sequence: number('x-nats-sequence'),
    timeMs: number('x-nats-time-ms'),
    attempt: number('x-nats-attempt') || 1,
    key: undefined,
    header: (name: string) => request.header(name),
  }
  const withValue = <U>(value: U): AckedItem<U> => ({ ...place, value, with: withValue })
  return withValue(body)
}

/** A header of a raw NATS block: the first line of that name. */
function headerIn(block: string, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return headersIn(block).find(([given]) => given.toLowerCase() === wanted)?.[1]
}
