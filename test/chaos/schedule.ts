import { pick, random, shuffle } from './random.ts'

/** Functions whose replicas can be killed or frozen. */
const FUNCTIONS = ['tick-to-bar', 'persist-bars', 'flush-batch', 'lake-upkeep'] as const
/** What can be killed or frozen: beside them four servers, the gateway, the trigger process. */
export const TARGETS = ['nats', 'valkey', 'questdb', 's3', 'gateway', ...FUNCTIONS, 'trigger-0'] as const
export type Target = (typeof TARGETS)[number]

/** What the store, or the way to it, does to requests for a while; `all` is a mixture of the first five. */
export type StoreFault = (typeof AILMENTS)[number] | 'all' | 'away' | 'full'
const AILMENTS = ['errors', 'slow', 'resets', 'lost answers', 'cuts'] as const
/** Who is killed while a commit of his is on its way. */
export type AtCommit = 'flush-batch' | 'lake-upkeep'

/** One fault of the run, and how long the world is left alone before it. */
export type Step = { readonly waitMs: number } & (
  | { readonly fault: 'kill'; readonly targets: readonly Target[] }
  | { readonly fault: 'freeze'; readonly targets: readonly Target[]; readonly ms: number }
  | { readonly fault: 'readers'; readonly counts: readonly number[] }
  | { readonly fault: 'store'; readonly what: StoreFault; readonly ms: number; readonly seed: number }
  | { readonly fault: 'kill-at-commit'; readonly target: AtCommit; readonly arrives: boolean }
  | { readonly fault: 'stale-flush' | 'second-trigger' | 'empty-valkey' | 'rewind-valkey' | 'recreate-stream' | 'cut-stream' }
)

/** A step without the pause before it. */
type Fault = Step extends infer S ? (S extends Step ? Omit<S, 'waitMs'> : never) : never

/**
 * The faults of a run, without end: rounds, each of which holds every kind in random order, so that a short run meets all of them.
 * Depends on the seed alone. The first round kills everything once, later ones three times as often; there the store ails in one way at a time, and is away
 * for a minute.
 */
export function* schedule(seed: number): Generator<Step> {
  const next = random(seed)
  for (let round = 0; ; round++) {
    const kills = TARGETS.flatMap((target): Fault[] => Array(round === 0 ? 1 : 3).fill({ fault: 'kill', targets: [target] }))
    const store = (what: StoreFault, ms: number): Fault => ({ fault: 'store', what, ms, seed: Math.floor(next() * 2 ** 31) })
    const ailments = round === 0 ? [store('all', 4000)] : AILMENTS.map((what) => store(what, 10_000))
    const atCommit = (target: AtCommit): Fault => ({ fault: 'kill-at-commit', target, arrives: next() < 0.5 })
    const faults: Fault[] = [
      ...kills,
      ...ailments,
      store('away', round === 0 ? 4000 : 60_000),
      store('full', 3000),
      atCommit('flush-batch'),
      atCommit('lake-upkeep'),
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
export function nameOf(step: Step): string {
  if ('targets' in step) return `${step.fault} ${step.targets.join(' + ')}`
  if (step.fault === 'store') return `store: ${step.what}`
  return step.fault === 'kill-at-commit' ? `kill ${step.target} at commit` : step.fault
}
