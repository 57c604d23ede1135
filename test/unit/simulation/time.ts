import { AsyncLocalStorage } from 'node:async_hooks'
import type { Process } from './wire.ts'

/** Which process runs now, and the messages of the batch it works on, if any. */
export type Context = { readonly process: Process; readonly work?: unknown }

const contexts = new AsyncLocalStorage<Context>()

/** Runs code as part of a process: its timers, clock and calls are the simulated ones. */
export const runAs = <T>(context: Context, run: () => T): T => contexts.run(context, run)

export const currentContext = (): Context | undefined => contexts.getStore()

type Timer = { readonly id: number; readonly context: Context; readonly run: () => void; at: number; readonly everyMs: number | undefined }

/** The clock and the timers of all simulated processes. Time stands still until the scheduler fires a timer. */
export class Time {
  nowMs = 1_000
  readonly #timers = new Map<number, Timer>()
  #ids = 0

  /** Timers that could fire now, the next first. A paused process's wait; a dead one's are forgotten. */
  timers(): Timer[] {
    for (const { id, context } of this.#timers.values()) if (!context.process.isAlive) this.#timers.delete(id)
    return [...this.#timers.values()].filter(({ context }) => !context.process.isPaused).sort((a, b) => a.at - b.at || a.id - b.id)
  }

  fire(timer: Timer): void {
    this.nowMs = Math.max(this.nowMs, timer.at)
    if (timer.everyMs === undefined) this.#timers.delete(timer.id)
    else timer.at = this.nowMs + timer.everyMs
    runAs(timer.context, timer.run)
  }

  /** Puts simulated timers, clock and chance in the place of the real ones, for code that runs in a process. @returns how to undo it. */
  install(): () => void {
    const real = { setTimeout, clearTimeout, setInterval, clearInterval }
    const now = performance.now
    const { random } = Math
    const set = (fallback: typeof setTimeout | typeof setInterval, isRepeated: boolean) =>
      ((run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
        const context = currentContext()
        if (!context) return (fallback as (...all: unknown[]) => unknown)(run, ms, ...given)
        const timer = { id: ++this.#ids, context, run: () => run(...given), at: this.nowMs + ms, everyMs: isRepeated ? ms : undefined }
        this.#timers.set(timer.id, timer)
        return { simulated: timer.id, unref() {}, ref() {} }
      }) as unknown as typeof setTimeout
    const clear = (fallback: (timer: never) => void) =>
      ((timer: { simulated?: number } | undefined) => {
        if (timer?.simulated !== undefined) this.#timers.delete(timer.simulated)
        else fallback(timer as never)
      }) as typeof clearTimeout
    Object.assign(globalThis, {
      setTimeout: set(real.setTimeout, false),
      setInterval: set(real.setInterval, true),
      clearTimeout: clear(real.clearTimeout),
      clearInterval: clear(real.clearInterval),
    })
    performance.now = () => (currentContext() ? this.nowMs : now.call(performance))
    Math.random = () => (currentContext() ? 0.5 : random())
    return () => {
      Object.assign(globalThis, real)
      performance.now = now
      Math.random = random
    }
  }
}
