import { setTimeout as sleep } from 'node:timers/promises'
import type { BrakeWatch } from './brake-watch.ts'
import { Burst } from './burst.ts'
import type { Source } from './source.ts'
import type { TickPublisher } from './tick-publisher.ts'

/** How far a pump is; read it at any time. */
export type Pumped = { ticks: number; messages: number; firstMs: number | undefined; lastMs: number | undefined }

type PumpOptions = {
  /** When a tick is due, on the clock of `Date.now`; made at the first tick from its delivery time. */
  readonly schedule: (firstMs: number) => (atMs: number) => number
  /** Most ticks in one message. */
  readonly burst: number
  readonly brake: Pick<BrakeWatch, 'held'>
  /** Ends the pump after the tick in hand. */
  readonly signal: AbortSignal
  readonly pumped: Pumped
  /** Called when all ticks pumped so far are stored; the next one waits for it. */
  readonly onSettled?: () => Promise<unknown>
}

/** A tick waits at most so long for the acknowledgement that it is stored. */
const SETTLE_MS = 1_000

/**
 * Publishes a source: each tick when it is due, none while the brake holds, and all of them acknowledged at the end.
 * @returns when the source has ended or the signal has come, and everything sent is stored.
 */
export async function pump(
  source: Source,
  publisher: TickPublisher,
  { schedule, burst: size, brake, signal, pumped, onSettled = async () => {} }: PumpOptions,
): Promise<void> {
  const burst = new Burst(size, (subject, text) => publisher.send(subject, text))
  const orStopped = (wait: Promise<unknown>) => untilAborted(wait, signal)
  let settledMs = Date.now()
  let dueMs: ((atMs: number) => number) | undefined

  const settle = async () => {
    await burst.flush()
    pumped.messages = burst.messages
    await publisher.settle()
    await onSettled()
    settledMs = Date.now()
  }
  const rest = async (dueMs: number) => {
    await burst.flush()
    publisher.push()
    for (let nowMs = Date.now(); nowMs < dueMs && !signal.aborted; nowMs = Date.now()) {
      if (nowMs - settledMs >= SETTLE_MS) await orStopped(settle())
      await orStopped(sleep(Math.min(dueMs - nowMs, SETTLE_MS)))
    }
  }

  feeding: for await (const ticks of source) {
    if (Date.now() - settledMs >= SETTLE_MS) await orStopped(settle())
    for (const tick of ticks) {
      if (signal.aborted) break feeding
      dueMs ??= schedule(tick.atMs)
      const due = dueMs(tick.atMs)
      if (due > Date.now()) await rest(due)
      const held = brake.held()
      if (held) {
        await orStopped(settle())
        await orStopped(held)
      }
      if (signal.aborted) break feeding
      const full = burst.add(tick)
      if (full) await orStopped(full)
      pumped.ticks++
      pumped.firstMs ??= tick.timestamp
      pumped.lastMs = tick.timestamp
      pumped.messages = burst.messages
    }
  }
  await settle()
}

/** Waits for a promise or the signal, whichever is first, and leaves no listener behind: `Promise.race` with one lasting promise keeps every wait alive. */
function untilAborted(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = () => resolve()
  signal.addEventListener('abort', stop, { once: true })
  wait.then(() => resolve(), reject)
  return promise.finally(() => signal.removeEventListener('abort', stop))
}
