import type { Control } from '../../../shared/adapters/nats/control.ts'
import type { StreamAccess } from '../../../shared/adapters/nats/stream.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { createMetrics } from '../../../shared/runtime/metrics.ts'
import { Troubles } from '../../../shared/runtime/trouble.ts'
import type { Invoke } from '../../../triggers/invoke.ts'
import { triggerMetrics } from '../../../triggers/metrics.ts'
import { Reader } from '../../../triggers/positioned/reader.ts'
import type { PositionedTrigger } from '../../../triggers/trigger.ts'
import type { Bucket, Stream } from './broker.ts'
import { runAs } from './time.ts'
import type { Process, Wire } from './wire.ts'

const metrics = triggerMetrics(createMetrics('simulation'), () => ({ nats: true, gateway: true }))
const silent = () => {}
const log = { debug: silent, info: silent, warn: silent, error: silent }
const troubles = new Troubles(log)

type TriggerPorts = {
  readonly stream: StreamAccess
  readonly control: Control
  readonly publisher: Publisher
  readonly invoke: Invoke
}

/** One trigger process: the product's own reader, holding all lanes (two such processes are a split brain). */
export class TriggerProcess {
  readonly process: Process
  readonly #reader: Reader

  constructor(process: Process, { stream, control, publisher, invoke }: TriggerPorts, trigger: PositionedTrigger, slots: number) {
    this.process = process
    const nats = { url: 'simulated', now: () => ({}), there: async () => {}, onChange: silent } as never
    this.#reader = runAs({ process }, () => {
      const reader = new Reader({ nats, control, publisher, invoke, metrics, log, troubles }, { trigger, stream, slots })
      for (let lane = 0; lane < trigger.readers; lane++) reader.take(lane)
      return reader
    })
  }

  give(lane: number): void {
    void runAs({ process: this.process }, () => this.#reader.give(lane))
  }

  take(lane: number): void {
    runAs({ process: this.process }, () => this.#reader.take(lane))
  }

  /** Ends it in order, as for another number of readers. */
  stop(): Promise<void> {
    return runAs({ process: this.process }, () => this.#reader.stop())
  }
}

/** A stream as one process reaches it. */
export function streamPort(stream: Stream, wire: Wire, process: Process, clock: { readonly ms: number }): StreamAccess {
  const call = <T>(what: string, effect: () => T) => wire.call(process, 'broker', `${stream.name} ${what}`, effect)
  return {
    name: stream.name,
    state: () =>
      call('state', () => ({
        created: stream.created,
        first: stream.last === 0 ? 0 : stream.first,
        last: stream.last,
        nowMs: clock.ms,
        slots: undefined,
      })),
    message: (sequence) =>
      call(`message ${sequence}`, () => {
        const found = stream.at(sequence)
        return found && { subject: found.subject, data: found.data, ns: found.ns, headers: undefined }
      }),
    lastOf: () => call('last', () => stream.last),
    sequenceAt: (ns) => call('sequence at a time', () => stream.sequenceAt(ns)),
    consumer: (start) => call(`consumer from ${start}`, () => stream.consume(start)),
    removeConsumer: (name) => call('consumer ends', () => void stream.consumers.delete(name)),
  }
}

/** The control bucket as one process reaches it. */
export function controlPort(bucket: Bucket, wire: Wire, process: Process): Control {
  const call = <T>(what: string, effect: () => T) => wire.call(process, 'broker', what, effect)
  return {
    get: <T>(key: string) => call(`get ${key}`, () => bucket.get<T>(key)),
    create: (key, value) => call(`create ${key} ${JSON.stringify(value)}`, () => bucket.create(key, value)),
    replace: (key, value, revision) => call(`replace ${key} ${JSON.stringify(value)}`, () => bucket.replace(key, value, revision)),
    put: (key, value) => call(`put ${key}`, () => void bucket.put(key, value)),
    remove: (key, revision) => call(`remove ${key}`, () => bucket.remove(key, revision)),
  }
}
