import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { killGroup, spawnInGroup } from './group.ts'
import { identityOf } from './identity.ts'
import { boundLog, lastLine, logFileOf } from './log-file.ts'
import { messageOf, Problem } from './problem.ts'
import type { ProcessSpec, ProcessState } from './process-spec.ts'
import { removeRecord, writeRecord } from './record.ts'

const BACKOFF_MS = [0, 100, 200, 500, 1000, 2000, 5000]
const STEADY_MS = 1000
const LOG_CHECK_MS = 5000
const AGAIN_MS = 60_000

/**
 * One process of the stack. It runs in a group of its own, so that a Ctrl-C in the terminal reaches only the supervisor; when it ends
 * unasked, what it left of its group is ended and it is started again: at once, then after growing pauses while it does not stay up.
 */
export class StackProcess {
  readonly spec: ProcessSpec
  readonly #data: string
  readonly #say: (line: string) => void
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #logTimer: NodeJS.Timeout | undefined
  #wanted = false
  #answered = false
  #quickEnds = 0
  #restarts = 0
  #state: ProcessState = 'new'
  #startedAtMs = 0

  /** @param data - the data folder: its log goes to `logs`, its record to `run`. @param say - takes lines such as "nats died (SIGKILL), started again". */
  constructor(spec: ProcessSpec, data: string, say: (line: string) => void) {
    this.spec = spec
    this.#data = data
    this.#say = say
  }

  get name(): string {
    return this.spec.name
  }
  /** The process's id while it lives. */
  get pid(): number | undefined {
    return this.#child?.pid
  }
  get state(): ProcessState {
    return this.#state
  }
  get restarts(): number {
    return this.#restarts
  }
  get startedAtMs(): number {
    return this.#startedAtMs
  }
  get logFile(): string {
    return logFileOf(this.#data, this.name)
  }

  /** Starts it and waits until it is healthy. @throws {Problem} when it ends or does not answer in time; it is stopped then. */
  async start(): Promise<void> {
    this.#wanted = true
    this.#answered = false
    this.#logTimer = setInterval(() => boundLog(this.logFile), LOG_CHECK_MS).unref()
    this.#spawn()
    await this.untilHealthy(this.spec.startMs).catch(async (error: unknown) => {
      await this.stop()
      throw error
    })
  }

  /** Waits until it answers (after a kill as well). @throws {Problem} after `ms`, when it failed for good, or when it ends before its first answer; {TerminalError} when what makes it ready is refused. */
  async untilHealthy(ms = this.spec.startMs): Promise<void> {
    const deadline = performance.now() + ms
    const about = () => `${lastLine(this.logFile) || 'it said nothing'} (whole log: ${this.logFile})`
    for (;;) {
      const child = this.#child
      const answered = child !== undefined && (await this.spec.healthy().catch(notYet))
      if (answered && child === this.#child) break
      if (this.#state === 'finished') return
      if (this.#state === 'failed') throw new Problem(`${this.name} did not start: ${about()}`)
      if (!this.#wanted) throw new Problem(`${this.name} was stopped`)
      if (performance.now() > deadline) throw new Problem(`${this.name} did not answer within ${Math.round(ms / 1000)} s: ${about()}`)
      await sleep(20)
    }
    this.#answered = true
    if (this.#state === 'starting') this.#state = 'running'
  }

  /** Sends it a signal, as a test of what a crash does. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Stops it in good order and starts it again. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** SIGTERM, then SIGKILL after its time; also what it left of its group. Nothing of it lives afterwards. */
  async stop(): Promise<void> {
    this.#wanted = false
    clearInterval(this.#logTimer)
    const child = this.#child
    if (child) {
      child.kill('SIGTERM')
      child.kill('SIGCONT')
      const timer = setTimeout(() => child.kill('SIGKILL'), this.spec.stopMs)
      await this.#ended
      clearTimeout(timer)
    }
    if (this.#state !== 'finished' && this.#state !== 'failed') this.#state = 'stopped'
  }

  #spawn(): void {
    this.spec.prepare?.()
    const child = spawnInGroup(this.spec, this.logFile)
    this.#child = child
    this.#state = 'starting'
    this.#startedAtMs = Date.now()
    this.#ended = new Promise((done) => {
      const end = (why: string, code?: number | null) => {
        if (this.#child !== child) return
        this.#child = undefined
        if (child.pid) killGroup(child.pid)
        removeRecord(this.#data, this.name)
        done()
        this.#afterEnd(why, code ?? undefined)
      }
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`, code))
      child.once('error', (error) => end(error.message))
    })
    if (child.pid) this.#record(child.pid)
  }

  #record(pid: number): void {
    const startedAt = new Date(this.#startedAtMs).toISOString()
    const record = { name: this.name, pid, identity: identityOf(pid) ?? '', port: this.spec.port, startedAt, restarts: this.#restarts }
    try {
      writeRecord(this.#data, record)
    } catch (error) {
      // A full disk must not end the supervisor, which is what brings everything back.
      this.#say(`${this.name} runs, but its record cannot be written: ${messageOf(error)}`)
    }
  }

  #afterEnd(why: string, code: number | undefined): void {
    if (!this.#wanted) return
    const final = code !== undefined && this.spec.finalCodes?.includes(code) === true
    if (final || !this.#answered) {
      this.#state = final && code === 0 ? 'finished' : 'failed'
      this.#say(this.#state === 'finished' ? `${this.name} has finished` : `${this.name} has failed (${why}): ${lastLine(this.logFile)}`)
      return
    }
    const steady = Date.now() - this.#startedAtMs >= STEADY_MS
    if (steady) this.#quickEnds = 0
    const pauseMs = BACKOFF_MS[Math.min(this.#quickEnds++, BACKOFF_MS.length - 1)] ?? 0
    this.#say(`${this.name} died (${why}): starting it again${pauseMs > 0 ? ` in ${pauseMs} ms` : ''}`)
    this.#state = 'waiting'
    const again = () => {
      if (!this.#wanted) return
      this.#restarts++
      this.#spawn()
      this.untilHealthy(Math.max(AGAIN_MS, this.spec.startMs)).then(
        () => this.#say(`${this.name} is back (${Date.now() - this.#startedAtMs} ms)`),
        () => {},
      )
    }
    if (pauseMs === 0) again()
    else setTimeout(again, pauseMs)
  }
}

/** A server that cannot be asked now may be there the next time; one that refuses what it is asked for will not. */
const notYet = (error: unknown): false => {
  if (error instanceof TerminalError) throw error
  return false
}
