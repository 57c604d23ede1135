import { setTimeout as sleep } from 'node:timers/promises'

/** What a fault says of itself: how long until what came after it was stored, and what else is worth a word. */
export type Happened = { readonly recoveryMs: number; readonly note?: string | undefined }

/** One fault that was done. */
export type Done = { readonly name: string; readonly recoveryMs: number; readonly note: string }

type Options<S> = {
  readonly durationMs: number
  /** So many are done in any case. */
  readonly least?: number
  readonly nameOf: (step: S) => string
  readonly happen: (step: S, turn: number) => Promise<Happened>
  /** What a fault is over with. */
  readonly recovered: string
  readonly say: (line: string) => void
}

/** Does one fault after the other until the time is over. */
export async function inOrder<S extends { readonly waitMs: number }>(steps: Iterable<S>, options: Options<S>): Promise<Done[]> {
  const { durationMs, least = 0, nameOf, happen, recovered, say } = options
  const done: Done[] = []
  const started = performance.now()
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1).padStart(6)
  for (const step of steps) {
    await sleep(step.waitMs)
    if (performance.now() - started > durationMs && done.length >= least) break
    const name = nameOf(step)
    say(`${seconds()} s  ${name}`)
    const { recoveryMs, note = '' } = await happen(step, done.length)
    say(`${seconds()} s    ${recovered} after ${Math.round(recoveryMs)} ms${note && `, ${note}`}`)
    done.push({ name, recoveryMs, note })
  }
  return done
}
