import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf } from '../stack/identity.ts'
import { openLog } from '../stack/log-file.ts'
import { freePorts } from '../stack/ports.ts'
import { Connections } from './connection.ts'
import { probe } from './probe.ts'
import { type ReplicaRecord, signalReplica } from './registry.ts'

/** What a replica runs: `bundle` is a path, `env` is all of its environment but PORT and HOST. */
export type ReplicaSpec = {
  readonly service: string
  readonly revision: string
  readonly bundle: string
  readonly env: Readonly<Record<string, string>>
  /** Where a replica of this number writes its output. */
  readonly logFileOf: (index: number) => string
  /** How long it may stay silent in a call. */
  readonly timeoutMs: number
}

type Listener = { onReady(replica: Replica): void; onGone(replica: Replica, cause: string): void }

const DRAIN_MS = 15_000
const GRACE_MS = 5_000

/** One process of a function: started here, or by the host before this one and adopted. */
export class Replica {
  readonly record: ReplicaRecord
  readonly connections: Connections
  readonly adopted: boolean
  /** Answered `/_/ready` with 200 since it last gave reason to doubt it. */
  ready = false
  /** Told to stop: it gets no new requests and is not replaced. */
  stopping = false
  readySince = Number.POSITIVE_INFINITY
  inFlight = 0
  readonly gone: Promise<void>
  #isGone = false
  #listener: Listener
  #idle: (() => void) | undefined

  private constructor(record: ReplicaRecord, child: ChildProcess | null, timeoutMs: number, listener: Listener) {
    this.record = record
    this.connections = new Connections(record.port, timeoutMs)
    this.adopted = child === null
    this.#listener = listener
    this.gone = new Promise((resolve) => {
      const end = (cause: string) => {
        if (this.#isGone) return
        this.#isGone = true
        this.ready = false
        listener.onGone(this, cause)
        resolve()
      }
      if (child) child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`))
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
  static async start(spec: ReplicaSpec, index: number, save: (record: ReplicaRecord) => void, listener: Listener): Promise<Replica> {
    const port = await freePorts(1)
    const log = openLog(spec.logFileOf(index))
    const env = { ...spec.env, PORT: String(port), HOST: '127.0.0.1' }
    const child = spawn(process.execPath, [spec.bundle], { detached: true, env, stdio: ['ignore', log, log] })
    closeSync(log)
    if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    const { service, revision } = spec
    const record = { service, index, revision, pid: child.pid, identity: identityOf(child.pid) ?? '', port }
    // In the same turn as the start: a host killed in between would leave a process that no one knows.
    try {
      save(record)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
    return new Replica(record, child, spec.timeoutMs, listener)
  }

  /** Takes over a process of an earlier host. One that does not answer `/_/health` within two seconds is killed. */
  static adopt(record: ReplicaRecord, timeoutMs: number, listener: Listener): Replica {
    const replica = new Replica(record, null, timeoutMs, listener)
    void probe(record.port, '/_/health', 2_000).then((healthy) => healthy || replica.signal('SIGKILL'))
    return replica
  }

  signal(signal: NodeJS.Signals): boolean {
    return signalReplica(this.record, signal)
  }

  /** A connection to it failed: no more requests until it answers `/_/ready` again. */
  doubt(): void {
    if (!this.ready) return
    this.ready = false
    void this.#untilReady()
  }

  take(): void {
    this.inFlight++
  }

  release(): void {
    if (--this.inFlight === 0) this.#idle?.()
  }

  /** Waits for the requests in flight, sends SIGTERM, then SIGKILL to what is still there. Resolves when the process has ended. */
  async stop(drainMs = DRAIN_MS): Promise<void> {
    this.stopping = true
    if (this.inFlight > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve
      })
      await Promise.race([idle, this.gone, sleep(drainMs, undefined, { ref: false })])
    }
    this.connections.close()
    this.signal('SIGTERM')
    await Promise.race([this.gone, sleep(GRACE_MS, undefined, { ref: false })])
    if (!this.#isGone) this.signal('SIGKILL')
    await this.gone
  }

  async #untilReady(): Promise<void> {
    for (let attempt = 0; !this.#isGone && !this.stopping; attempt++) {
      if (await probe(this.record.port, '/_/ready', 1_000)) {
        if (this.#isGone) return
        this.ready = true
        this.readySince = Date.now()
        return this.#listener.onReady(this)
      }
      await sleep(attempt < 200 ? 15 : 100)
    }
  }
}
