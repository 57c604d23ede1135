import type { StreamAccess } from '../../../shared/adapters/nats/stream.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import type { BarSettings } from '../../../shared/domain/bar-settings.ts'
import type { BarStore } from '../../../shared/ports/bar-store.ts'
import type { Outgoing, Publisher } from '../../../shared/ports/publisher.ts'
import type { Invoke } from '../../../triggers/invoke.ts'
import type { PositionedTrigger } from '../../../triggers/trigger.ts'
import { Bucket, Clock, Stream } from './broker.ts'
import { Gateway } from './gateway.ts'
import { Ledger } from './ledger.ts'
import { Readings } from './readings.ts'
import { Replica } from './replica.ts'
import { type Kept, Store, storePort } from './store.ts'
import type { Tape } from './tape.ts'
import { Time } from './time.ts'
import { controlPort, streamPort, TriggerProcess } from './trigger-process.ts'
import { Process, Wire } from './wire.ts'
import { Workload } from './workload.ts'

export const SETTINGS: BarSettings = { graceMs: 2_000, horizonMs: 120_000, idleMs: 60_000, futureMs: 5_000 }
export const SLOTS = 4
const SPEC = { ...STREAMS.MARKET_TICKS, slots: SLOTS }
const TRIGGER = {
  functionName: 'tick-to-bar',
  delivery: 'positioned',
  stream: SPEC.name,
  subjects: [],
  maxBytes: 1 << 20,
  waitMs: 0,
  start: { kind: 'all' },
  quiet: true,
} as const
const BEGIN_MS = Date.UTC(2024, 0, 1, 23, 40)
const MOST_SNAPSHOTS = 12

/** Pieces to swap for faulty ones, to see that the fault is found. */
export type Swaps = {
  readonly Store?: typeof Store
  readonly store?: (store: BarStore) => BarStore
  readonly publisher?: (publisher: Publisher) => Publisher
  readonly invoke?: (invoke: Invoke) => Invoke
  readonly stream?: (stream: StreamAccess) => StreamAccess
}

const same = <T>(piece: T): T => piece

/** Everything that takes part: two servers, the gateway, trigger processes, replicas, and what they ever published. */
export class World {
  readonly tape: Tape
  readonly swaps: Swaps
  readonly time = new Time()
  readonly wire = new Wire()
  readonly clock = new Clock(BEGIN_MS)
  readonly ticks = new Stream(SPEC.name, this.clock)
  readonly bucket = new Bucket()
  readonly gateway = new Gateway()
  readonly readings = new Readings(this.ticks)
  readonly ledger = new Ledger(SLOTS)
  readonly store: Store
  readonly workload: Workload
  readonly replicas: Replica[] = []
  readonly triggers: TriggerProcess[] = []
  readonly snapshots: (readonly Kept[])[] = []
  readonly trace: string[] = []
  /** How often what happened: shows that the runs go everywhere. */
  readonly tally = new Map<string, number>()
  readers = 1
  batch = 3
  isPurged = false
  isClockSetBack = false
  /** Whether messages that may have been read are gone from the stream for good. */
  hasLostMessages = false
  readonly #retired: TriggerProcess[] = []
  #names = 0

  constructor(tape: Tape, messages: number, swaps: Swaps = {}) {
    this.tape = tape
    this.swaps = swaps
    this.workload = new Workload(tape, this.clock, messages)
    this.store = new (swaps.Store ?? Store)(SLOTS, {
      applied: (body, commits) => this.ledger.applied(body, commits),
      decided: (decision) => this.count(`commit ${decision}`),
    })
  }

  get processes(): Process[] {
    return [...this.replicas, ...this.triggers, ...this.#retired].map(({ process }) => process)
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1)
  }

  note(what: string): void {
    this.trace.push(what)
  }

  startReplica(): void {
    const process = new Process(`replica-${++this.#names}`)
    const { store = same, publisher = same } = this.swaps
    const ports = { store: store(storePort(this.store, this.wire, process)), publisher: publisher(this.#publisherOf(process)) }
    this.replicas.push(new Replica(process, ports, SETTINGS, SPEC))
    this.note(`${process.name} starts`)
  }

  startTrigger(): void {
    const process = new Process(`trigger-${++this.#names}`)
    const { wire, ticks, bucket, clock, gateway, readers, batch } = this
    const { stream = same, invoke = same } = this.swaps
    const trigger: PositionedTrigger = { ...TRIGGER, readers, batch }
    const ports = {
      stream: stream(streamPort(ticks, wire, process, clock)),
      control: controlPort(bucket, wire, process),
      publisher: this.#publisherOf(process),
      invoke: invoke(gateway.port(process)),
    }
    this.triggers.push(new TriggerProcess(process, ports, trigger, SLOTS))
    this.note(`${process.name} starts with ${readers} readers`)
  }

  /** Kill -9. What it had sent may still arrive, as the tape says. */
  kill(one: Replica | TriggerProcess): void {
    one.process.isAlive = false
    one.process.isPaused = false
    this.wire.cut(one.process, () => this.tape.chance(30))
    if (one instanceof Replica) {
      this.gateway.replicaDied(one)
      this.replicas.splice(this.replicas.indexOf(one), 1)
    } else this.triggers.splice(this.triggers.indexOf(one), 1)
    this.note(`${one.process.name} dies`)
  }

  /** Ends a trigger in order: its calls under way go on while others begin. */
  retire(trigger: TriggerProcess): void {
    this.triggers.splice(this.triggers.indexOf(trigger), 1)
    this.#retired.push(trigger)
    void trigger.stop()
    this.note(`${trigger.process.name} ends in order`)
  }

  /** The next message of the workload comes. */
  publish(): void {
    const { seq, subject } = this.workload.publish(this.ticks)
    this.note(`published ${seq} ${subject}`)
  }

  /** Keeps what the store may fall back to. */
  keepSnapshot(): void {
    if (this.snapshots.at(-1) === this.store.slots) return
    this.snapshots.push(this.store.slots)
    if (this.snapshots.length > MOST_SNAPSHOTS) this.snapshots.shift()
  }

  /** Whether the store may lose what it holds: the stream still has all of it. */
  get mayFallBack(): boolean {
    return !this.isPurged && !this.hasLostMessages
  }

  /**
   * Whether the stream may lose messages. While the store is behind where it was before it fell back, nobody could know that such a
   * message had been read and published: two backups restored at once are beyond what is promised.
   */
  get mayLoseMessages(): boolean {
    if (this.isClockSetBack) return false
    return this.store.slots.every(({ lineage }, slot) => (lineage?.messages.at(-1)?.version ?? 0) >= this.ledger.furthest[slot]!)
  }

  loseMessages(what: string): void {
    this.hasLostMessages = true
    this.snapshots.length = 0
    this.note(what)
    for (const reading of [...this.readings.open]) this.readings.lose(reading)
  }

  #publisherOf(process: Process): Publisher {
    return {
      publishAll: async (messages: readonly Outgoing[]) => {
        const calls = messages.map((message) =>
          this.wire.call(process, 'broker', `publish ${message.msgId}`, () => this.ledger.published(message)),
        )
        await Promise.all(calls)
      },
      tell() {},
    }
  }
}
