import { Desk } from '../../../../triggers/acked/desk.ts'
import type { Call, Outcome, Rules } from '../../../../triggers/acked/step.ts'
import { RULES } from './desk-world.ts'

type Options = Partial<Rules> & { readonly steady?: number | undefined }

export const DONE: Outcome = { kind: 'done' }
export const FAILED = { kind: 'failed', afterMs: 0, cause: '500' } as const satisfies Outcome
export const REFUSED: Outcome = { kind: 'refused', cause: '422: no' }
export const away = (afterMs = 0, suspect = false): Outcome => ({ kind: 'away', afterMs, cause: '503', suspect })

/** A desk and a clock; `names` says which messages a call holds. */
export function setUp(options: Options = {}) {
  const desk = new Desk<string>({ ...RULES, steady: 1000, ...options })
  const clock = { ms: 1_000_000 }
  let sequence = 0
  const take = (names: string, { key, again = false, ms = clock.ms }: { key?: string; again?: boolean; ms?: number } = {}) => {
    for (const name of names) {
      const place = { sequence: ++sequence, ms, subNs: 0 }
      desk.take({ ...place, key, sizeBytes: 10, again, content: name }, clock.ms)
    }
  }
  const next = () => desk.next(clock.ms, clock.ms)
  const call = (): Call<string> => {
    const step = next()
    if (step.kind !== 'call') throw new Error(`expected a call, got ${JSON.stringify(step)}`)
    return step.call
  }
  const settle = (one: Call<string>, outcome: Outcome) => desk.settle(one, outcome, clock.ms, 0)
  /** Calls until nothing is to be done, waiting as long as it says; gives what each call held. */
  const run = (outcomeOf: (names: string) => Outcome, most = 200) => {
    const calls: string[] = []
    const dead: string[] = []
    for (let steps = 0; steps < most; steps++) {
      const step = next()
      if (step.kind === 'idle') break
      if (step.kind === 'wait') clock.ms += Math.ceil(step.ms)
      else if (step.kind === 'bury') {
        dead.push(...step.dead.map(({ message, code, attempts }) => `${message.content} ${code} ${attempts}`))
        desk.buried(clock.ms)
      } else {
        calls.push(names(step.call))
        settle(step.call, outcomeOf(names(step.call)))
      }
    }
    return { calls, dead }
  }
  const answers = () => desk.answers().map(({ word, content }) => `${word} ${content}`)
  return { desk, clock, take, next, call, settle, run, answers }
}

export const names = (call: Call<string>) => call.messages.map(({ content }) => content).join('')
