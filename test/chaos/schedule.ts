import { pick, random, shuffle } from './random.ts'

/** What can be killed or frozen: four servers, the gateway, the replicas of three functions, the trigger process. */
export const TARGETS = ['nats', 'valkey', 'questdb', 's3', 'gateway', 'tick-to-bar', 'persist-bars', 'flush-batch', 'trigger-0'] as const
export type Target = (typeof TARGETS)[number]

/** One fault of the run, and how long the world is left alone before it. */
export type Step = { readonly waitMs: number } & (
  | { readonly fault: 'kill'; readonly targets: readonly Target[] }
  | { readonly fault: 'freeze'; readonly targets: readonly Target[]; readonly ms: number }
  | { readonly fault: 'readers'; readonly counts: readonly number[] }
  | { readonly fault: 'stale-flush' | 'second-trigger' | 'empty-valkey' | 'rewind-valkey' | 'recreate-stream' | 'cut-stream' }
)

/** A step without the pause before it. */
type Fault = Step extends infer S ? (S extends Step ? Omit<S, 'waitMs'> : never) : never

/**
 * The faults of a run, without end: rounds, each of which holds every kind in random order, so that a short run meets all of them.
 * Depends on the seed alone. The first round kills everything once, later ones three times as often.
 */
export function* schedule(seed: number): Generator<Step> {
  const next = random(seed)
  for (let round = 0; ; round++) {
    const kills = TARGETS.flatMap((target): Fault[] => Array(round === 0 ? 1 : 3).fill({ fault: 'kill', targets: [target] }))
    const faults: Fault[] = [
      ...kills,
      { fault: 'kill', targets: shuffle(next, TARGETS).slice(0, 2) },
      { fault: 'freeze', targets: [pick(next, TARGETS)], ms: 10_000 },
      { fault: 'readers', counts: [1, 4, 2] },
      { fault: 'stale-flush' },
      { fault: 'second-trigger' },
      { fault: 'empty-valkey' },
      { fault: 'rewind-valkey' },
      { fault: 'recreate-stream' },
      { fault: 'cut-stream' },
    ]
    for (const fault of shuffle(next, faults)) yield { ...fault, waitMs: Math.round(200 + next() * 1300) }
  }
}

/** How a step is called in the table. */
export const nameOf = (step: Step): string => ('targets' in step ? `${step.fault} ${step.targets.join(' + ')}` : step.fault)
