import { appendFileSync } from 'node:fs'
import type { Log } from '../../shared/runtime/log.ts'
import { WaitingLine } from '../../shared/runtime/waiting-line.ts'
import { choose } from './choose.ts'
import { memoryOf } from './memory.ts'
import type { Registry, ReplicaRecord } from './registry.ts'
import { Replica, SILENT_MS } from './replica.ts'
import { backoffMs, deathsInARow } from './restart.ts'
import type { ReplicaSpec } from './spec.ts'

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/**
 * The replicas of one function. Keeps `size` of them running at the wanted revision, numbered from 0. Those of an older
 * revision serve until all new ones are ready, then drain; those that all need the same port go before the new one starts.
 */
export class ReplicaSet {
  readonly service: string
  #registry: Registry
  #log: Log
  #silentMs: number
  #spec: ReplicaSpec | null = null
  #size = 0
  #stopped = false
  #cold = true
  #running: Replica[] = []
  #candidates: Replica[] = []
  #starting = new Set<string>()
  #launching = new Set<Promise<void>>()
  #deaths = new Map<number, number>()
  #waiting = new WaitingLine()

  /** @param silentMs - after how long it is told of a replica that nothing answers on its port. */
  constructor(service: string, registry: Registry, log: Log, silentMs = SILENT_MS) {
    this.service = service
    this.#registry = registry
    this.#log = log
    this.#silentMs = silentMs
  }

  /** How many replicas are wanted. */
  get size(): number {
    return this.#size
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
  want(spec: ReplicaSpec, size: number): void {
    if (spec.revision !== this.#spec?.revision) {
      this.#deaths.clear()
      // The old one goes first.
      if (spec.fixedPort !== null) this.#cold = true
    }
    if (this.#size === 0) this.#cold = true
    this.#spec = spec
    this.#size = size
    this.#reconcile()
  }

  /** Says how many shall run. */
  resize(size: number): void {
    if (this.#spec === null || size === this.#size) return
    this.#log.info({ service: this.service, from: this.#size, to: size }, 'scaled')
    this.want(this.#spec, size)
  }

  /** Takes over a process of the host before this one. Call before `want`. */
  adopt(record: ReplicaRecord, spec: ReplicaSpec): void {
    this.#running.push(Replica.adopt(record, spec, this.#listener))
  }

  /** The replica for the next request: by rendezvous of `affinity` when given, else the least busy one. Undefined when none can take it. */
  pick(affinity: string | undefined): Replica | undefined {
    return choose(this.#candidates, affinity)
  }

  /** Removed, or the host stops: nothing will run again. */
  get isStopped(): boolean {
    return this.#stopped
  }

  /** None has been ready since there were none wanted, and none has died: its first one is on its way. */
  get isCold(): boolean {
    return this.#cold
  }

  /** Some are ready, and each has as many requests as it may. */
  get isFull(): boolean {
    return this.#candidates.length > 0 && this.#candidates.every((replica) => replica.ready && replica.isFull)
  }

  /** Waits until a replica may take a request, the set is stopped, or the time is over. */
  whenReady(waitMs: number): Promise<void> {
    return this.#stopped || this.pick(undefined) ? Promise.resolve() : this.#waiting.join(waitMs)
  }

  /** Ends those that hold more memory than they may, one at each step. */
  *guardMemory(): Generator<void> {
    for (const replica of [...this.#running]) {
      const { memoryBytes } = replica.spec
      if (memoryBytes === null) continue
      const heldBytes = memoryOf(replica.record.pid, memoryBytes)
      if (heldBytes > memoryBytes) replica.kill(`out of memory: it holds ${mib(heldBytes)}, limits.memory is ${mib(memoryBytes)}`)
      yield
    }
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
    return !stopping && record.revision === this.#spec?.revision && record.index < this.#size
  }

  #reconcile(): void {
    const spec = this.#spec
    if (spec === null) return
    const exclusive = spec.fixedPort !== null
    const complete = exclusive || this.available >= this.#size
    for (const replica of this.#running) {
      const superfluous = replica.record.revision === spec.revision ? replica.record.index >= this.#size : complete || !replica.hasServed
      if (superfluous && !replica.stopping) void replica.stop()
    }
    for (let index = 0; index < this.#size; index++) {
      const runs = exclusive ? this.#running.length > 0 : this.#running.some((one) => this.#isWanted(one) && one.record.index === index)
      if (!runs) this.#start(spec, index)
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
    if (this.#spec?.revision !== spec.revision || index >= this.#size) return
    try {
      this.#running.push(await Replica.start(spec, index, (record) => this.#registry.add(record), this.#listener, this.#silentMs))
    } catch (err) {
      this.#cold = false
      this.#deaths.set(index, (this.#deaths.get(index) ?? 1) + 1)
      this.#log.error({ service: this.service, err }, 'replica does not start')
      this.#say(spec, index, `replica does not start: ${(err as Error).message}`)
    }
  }

  /** Adds a line of the host's to the replica's own log. */
  #say({ logFileOf }: ReplicaSpec, index: number, msg: string): void {
    try {
      appendFileSync(logFileOf(index), `${JSON.stringify({ level: 40, time: new Date().toISOString(), name: 'faas', msg })}\n`)
    } catch {
      // A full disk: the host's own log has it too.
    }
  }

  #listener = {
    onReady: (replica: Replica) => {
      const { pid, port, index } = replica.record
      this.#log.info({ service: this.service, pid, port, index, adopted: replica.adopted }, 'replica ready')
      this.#cold = false
      this.#reconcile()
    },
    onSilent: ({ record: { pid, port, index }, spec }: Replica) => {
      const { ready, fixedPort } = spec
      const where = fixedPort === null ? 'on $PORT, or set upstream_url' : 'on this port, that of upstream_url'
      const msg = `nothing answers at 127.0.0.1:${port}${ready.path}: the program must listen ${where}`
      this.#log.warn({ service: this.service, pid, port, index }, msg)
      this.#say(spec, index, msg)
    },
    onRoom: ({ inFlight, spec: { maxInFlight } }: Replica) => this.#waiting.wake(maxInFlight - inFlight),
    onGone: (replica: Replica, cause: string) => {
      const { record, spec } = replica
      const { pid, index } = record
      this.#running = this.#running.filter((other) => other !== replica)
      this.#registry.remove(replica.record)
      if (replica.stopping && !replica.isKilled) this.#log.info({ service: this.service, pid, index }, 'replica stopped')
      else {
        this.#log.warn({ service: this.service, pid, index, cause }, 'replica died')
        this.#say(spec, index, `replica (pid ${pid}) died: ${cause}`)
        this.#cold = false
        this.#deaths.set(index, deathsInARow(this.#deaths.get(index) ?? 0, Date.now() - replica.readySince))
      }
      this.#reconcile()
    },
  }

  /** Refreshes who gets requests: the wanted revision when one of it is ready, else the older one; and wakes who waits. */
  #changed(): void {
    const ready = this.#running.filter((replica) => replica.ready && !replica.stopping)
    const wanted = ready.filter((replica) => this.#isWanted(replica))
    this.#candidates = wanted.length > 0 ? wanted : ready
    if (this.#candidates.length > 0 || this.#stopped || !this.#cold) this.#waiting.wake()
  }
}
