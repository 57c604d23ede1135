import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { killGroup } from '../stack/group.ts'
import { identityOf } from '../stack/identity.ts'
import { openLog } from '../stack/log-file.ts'
import { freePorts, isFree } from '../stack/ports.ts'
import { Connections } from './connection.ts'
import { probe } from './probe.ts'
import { type ReplicaRecord, signalReplica } from './registry.ts'
import type { ReplicaSpec } from './spec.ts'

type Listener = {
  onReady(replica: Replica): void
  /** Nothing has answered on its port since it was started, for as long as a program may take to come up. */
  onSilent(replica: Replica): void
  /** It can take a call again, after it had as many as it may. */
  onRoom(replica: Replica): void
  onGone(replica: Replica, cause: string): void
}

const GRACE_MS = 5_000
/** So long a program that comes up slowly may leave its port closed before something is said of it. */
export const SILENT_MS = 10_000
/** The ports of all replicas. One that was just started does not listen yet: its port looks free, and what answered there would be taken for another function. */
const taken = new Set<number>()
/** Asked often at first: the wait between two looks is part of a cold start. */
const EAGER_LOOKS = 200

/** One process of a function: started here, or by the host before this one and adopted. */
export class Replica {
  readonly record: ReplicaRecord
  readonly spec: ReplicaSpec
  readonly connections: Connections
  readonly adopted: boolean
  /** Said that it is ready since it last gave reason to doubt it. */
  ready = false
  /** Told to stop: it gets no new requests and is not replaced. */
  stopping = false
  readySince = Number.POSITIVE_INFINITY
  inFlight = 0
  readonly gone: Promise<void>
  #isGone = false
  /** When its port's silence is to be told; never, once it has answered or it was told. */
  #silentAt: number
  #cause: string | undefined
  #listener: Listener
  #idle: (() => void) | undefined

  private constructor(record: ReplicaRecord, child: ChildProcess | null, spec: ReplicaSpec, listener: Listener, silentMs: number) {
    this.record = record
    this.spec = spec
    taken.add(record.port)
    this.connections = new Connections(record.port, spec.timeoutMs)
    this.adopted = child === null
    this.#listener = listener
    // One that is adopted may have been told of by the host before this one.
    this.#silentAt = child === null ? Number.POSITIVE_INFINITY : performance.now() + silentMs
    this.gone = new Promise((resolve) => {
      const end = (cause: string) => {
        if (this.#isGone) return
        this.#isGone = true
        this.ready = false
        taken.delete(record.port)
        killGroup(record.pid)
        listener.onGone(this, this.#cause ?? cause)
        resolve()
      }
      if (child) child.once('exit', (code, signal) => end(causeOf(code, signal, spec)))
      else {
        // The end of another process's child is not reported: look.
        const watch = setInterval(() => {
          if (identityOf(record.pid) === record.identity) return
          clearInterval(watch)
          end('ended')
        }, 50)
      }
    })
    void this.#untilReady()
  }

  /** Starts a process in a session of its own, so that neither a terminal's Ctrl-C nor the end of the host ends it. */
  static async start(
    spec: ReplicaSpec,
    index: number,
    save: (record: ReplicaRecord) => void,
    listener: Listener,
    silentMs: number,
  ): Promise<Replica> {
    let port = spec.fixedPort ?? (await freePorts(1))
    while (spec.fixedPort === null && taken.has(port)) port = await freePorts(1)
    // Else what answers there would be taken for the function.
    if (spec.fixedPort !== null && !(await isFree(port))) throw new Error(`port ${port} of upstream_url is taken`)
    const log = openLog(spec.logFileOf(index))
    const env = { ...spec.env, PORT: String(port), HOST: '127.0.0.1' }
    const [program, ...args] = spec.command.map((word) => word.replaceAll(/\$PORT\b|\$\{PORT\}/g, String(port)))
    const child = spawn(program!, args, { cwd: spec.folder, detached: true, env, stdio: ['ignore', log, log] })
    closeSync(log)
    if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    const { service, revision } = spec
    const record = { service, index, revision, pid: child.pid, identity: identityOf(child.pid) ?? '', port }
    // In the same turn as the start. Of a host that is killed in between, the next one ends it: see strays.ts.
    try {
      save(record)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
    return new Replica(record, child, spec, listener, silentMs)
  }

  /** Takes over a process of an earlier host. One that does not answer `/_/health` within two seconds is killed. */
  static adopt(record: ReplicaRecord, spec: ReplicaSpec, listener: Listener): Replica {
    const replica = new Replica(record, null, spec, listener, 0)
    void probe(record.port, '/_/health', 2_000).then((status) => status === 200 || (spec.ready.lenient && status > 0) || replica.kill())
    return replica
  }

  /** Whether it has ever been ready, to this host or to the one before it: it may be again. */
  get hasServed(): boolean {
    return this.adopted || this.readySince < Number.POSITIVE_INFINITY
  }

  /** Whether the host ended it for a cause that is to be told. */
  get isKilled(): boolean {
    return this.#cause !== undefined
  }

  /** Whether it has as many requests as it may. */
  get isFull(): boolean {
    return this.inFlight >= this.spec.maxInFlight
  }

  /** Ends it at once. @param cause - what is told of its death, instead of the signal. */
  kill(cause?: string): void {
    this.#cause ??= cause
    signalReplica(this.record, 'SIGKILL')
  }

  /** A connection to it failed: no more requests until it says again that it is ready. */
  doubt(): void {
    if (!this.ready) return
    this.ready = false
    void this.#untilReady()
  }

  take(): void {
    this.inFlight++
  }

  release(): void {
    const wasFull = this.isFull
    if (--this.inFlight === 0) this.#idle?.()
    if (wasFull) this.#listener.onRoom(this)
  }

  /**
   * Waits for the requests in flight, sends SIGTERM, then SIGKILL to what is still there. Resolves when the process has ended.
   * @param drainMs - the most it waits; as long as a call may take unless given.
   */
  async stop(drainMs = Math.max(this.spec.execTimeoutMs ?? 0, this.spec.timeoutMs)): Promise<void> {
    this.stopping = true
    if (this.inFlight > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve
      })
      await Promise.race([idle, this.gone, sleep(drainMs, undefined, { ref: false })])
    }
    this.connections.close()
    signalReplica(this.record, 'SIGTERM')
    await Promise.race([this.gone, sleep(GRACE_MS, undefined, { ref: false })])
    if (!this.#isGone) this.kill()
    await this.gone
  }

  async #untilReady(): Promise<void> {
    const { path, lenient } = this.spec.ready
    for (let look = 0; !this.#isGone && !this.stopping; look++) {
      const status = await probe(this.record.port, path, 1_000)
      if (status > 0) this.#silentAt = Number.POSITIVE_INFINITY
      if (status === 200 || (lenient && status > 0 && status !== 429 && status !== 503)) {
        if (this.#isGone) return
        this.ready = true
        this.readySince = Date.now()
        return this.#listener.onReady(this)
      }
      if (performance.now() >= this.#silentAt && !this.#isGone && !this.stopping) {
        this.#silentAt = Number.POSITIVE_INFINITY
        this.#listener.onSilent(this)
      }
      await sleep(look < EAGER_LOOKS ? 5 : 100)
    }
  }
}

/** V8 aborts where its heap is full, which `limits.memory` bounds: of the signal alone nobody would guess that. */
function causeOf(code: number | null, signal: string | null, { memoryBytes }: ReplicaSpec): string {
  if (signal === null) return `exit code ${code}`
  return signal === 'SIGABRT' && memoryBytes !== null ? 'SIGABRT, most likely out of memory: half of limits.memory is for the heap' : signal
}
