import type { Log } from '../../shared/runtime/log.ts'
import { choose } from './choose.ts'
import type { Registry, ReplicaRecord } from './registry.ts'
import { Replica, type ReplicaSpec } from './replica.ts'

const STEADY_MS = 2_000
const MAX_BACKOFF_MS = 5_000

/** Pause before a start, by how often this replica died in a row: none after the first death, then 50 ms doubling to 5 s. */
export const backoffMs = (deaths: number) => (deaths <= 1 ? 0 : Math.min(50 * 2 ** (deaths - 2), MAX_BACKOFF_MS))

/**
 * The replicas of one function. Keeps `count` of them running at the wanted revision, numbered from 0. Those of an older
 * revision serve until all new ones are ready, then drain.
 */
export class ReplicaSet {
  readonly service: string
  #registry: Registry
  #log: Log
  #spec: ReplicaSpec | null = null
  #count = 0
  #stopped = false
  #running: Replica[] = []
  #candidates: Replica[] = []
  #starting = new Set<string>()
  #launching = new Set<Promise<void>>()
  #deaths = new Map<number, number>()
  #waiting = new Set<() => void>()

  constructor(service: string, registry: Registry, log: Log) {
    this.service = service
    this.#registry = registry
    this.#log = log
  }

  /** How many replicas of the wanted revision are ready. */
  get available(): number {
    return this.ready.length
  }

  /** Those of the wanted revision that are ready. */
  get ready(): readonly ReplicaRecord[] {
    return this.#running.filter((replica) => this.#isWanted(replica) && replica.ready).map(({ record }) => record)
  }

  /** Says what shall run. Returns at once; `available` tells how far it is. */
  want(spec: ReplicaSpec, count: number): void {
    if (spec.revision !== this.#spec?.revision) this.#deaths.clear()
    this.#spec = spec
    this.#count = count
    this.#reconcile()
  }

  /** Takes over a process of the host before this one. Call before `want`. */
  adopt(record: ReplicaRecord, timeoutMs: number): void {
    this.#running.push(Replica.adopt(record, timeoutMs, this.#listener))
  }

  /** The replica for the next request: by rendezvous of `affinity` when given, else the least busy one. Undefined when none is ready. */
  pick(affinity: string | undefined): Replica | undefined {
    return choose(this.#candidates, affinity)
  }

  /** Removed, or the host stops: nothing will run again. */
  get isStopped(): boolean {
    return this.#stopped
  }

  /** Waits until a replica is ready, the set is stopped, or the time is over. */
  whenReady(waitMs: number): Promise<void> {
    if (this.#stopped || this.pick(undefined)) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(end)
        resolve()
      }
      const timer = setTimeout(end, waitMs)
      this.#waiting.add(end)
    })
  }

  /** Ends every replica, after its requests in flight or `drainMs`. */
  async stop(drainMs?: number): Promise<void> {
    this.#spec = null
    this.#stopped = true
    await Promise.all(this.#launching)
    const ends = this.#running.map((replica) => replica.stop(drainMs))
    this.#changed()
    await Promise.all(ends)
  }

  #isWanted({ record, stopping }: Replica): boolean {
    return !stopping && record.revision === this.#spec?.revision && record.index < this.#count
  }

  #reconcile(): void {
    const spec = this.#spec
    if (spec === null) return
    for (let index = 0; index < this.#count; index++) {
      if (!this.#running.some((replica) => this.#isWanted(replica) && replica.record.index === index)) this.#start(spec, index)
    }
    const complete = this.available >= this.#count
    for (const replica of this.#running) {
      const superfluous = replica.record.revision === spec.revision ? replica.record.index >= this.#count : complete || !replica.ready
      if (superfluous && !replica.stopping) void replica.stop()
    }
    this.#changed()
  }

  #start(spec: ReplicaSpec, index: number): void {
    const key = `${spec.revision}/${index}`
    if (this.#starting.has(key)) return
    this.#starting.add(key)
    const launch = () => {
      const launching = this.#launch(spec, index).finally(() => {
        this.#launching.delete(launching)
        this.#starting.delete(key)
        this.#reconcile()
      })
      this.#launching.add(launching)
    }
    const pauseMs = backoffMs(this.#deaths.get(index) ?? 0)
    if (pauseMs === 0) launch()
    else setTimeout(launch, pauseMs)
  }

  async #launch(spec: ReplicaSpec, index: number): Promise<void> {
    if (this.#spec?.revision !== spec.revision || index >= this.#count) return
    try {
      this.#running.push(await Replica.start(spec, index, (record) => this.#registry.add(record), this.#listener))
    } catch (err) {
      this.#deaths.set(index, (this.#deaths.get(index) ?? 1) + 1)
      this.#log.error({ service: this.service, err }, 'replica does not start')
    }
  }

  #listener = {
    onReady: (replica: Replica) => {
      const { pid, port, index } = replica.record
      this.#log.info({ service: this.service, pid, port, index, adopted: replica.adopted }, 'replica ready')
      this.#reconcile()
    },
    onGone: (replica: Replica, cause: string) => {
      const { pid, index } = replica.record
      this.#running = this.#running.filter((other) => other !== replica)
      this.#registry.remove(replica.record)
      if (replica.stopping) this.#log.info({ service: this.service, pid, index }, 'replica stopped')
      else {
        this.#log.warn({ service: this.service, pid, index, cause }, 'replica died')
        const steady = Date.now() - replica.readySince > STEADY_MS
        this.#deaths.set(index, steady ? 1 : (this.#deaths.get(index) ?? 0) + 1)
      }
      this.#reconcile()
    },
  }

  /** Refreshes who gets requests: the wanted revision when one of it is ready, else the older one; and wakes who waits. */
  #changed(): void {
    const ready = this.#running.filter((replica) => replica.ready && !replica.stopping)
    const wanted = ready.filter((replica) => this.#isWanted(replica))
    this.#candidates = wanted.length > 0 ? wanted : ready
    if (this.#candidates.length > 0 || this.#stopped) for (const wake of [...this.#waiting]) wake()
  }
}
