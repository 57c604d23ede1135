import { pick, random, shuffle } from '../random.ts'
import type { StoreFault } from '../schedule.ts'

/** The two deployments, each with a store and a position of its own. */
export const SINKS = ['index-alt-doc', 'flush-alt-docs'] as const
export type Sink = (typeof SINKS)[number]

const SERVERS = ['opensearch', 's3', 'valkey', 'nats'] as const
/** What is killed or frozen. */
export const TARGETS = [...SERVERS, 'gateway', ...SINKS, 'lake-upkeep', 'trigger-0'] as const
export type Target = (typeof TARGETS)[number]

/** So many steps hold what each run must have: a kill of each piece, Valkey emptied, OpenSearch read-only. */
export const MUST = TARGETS.length + 2

/** One fault of the run, and how long the world is left alone before it. */
export type Step = { readonly waitMs: number } & (
  | { readonly fault: 'kill'; readonly targets: readonly Target[]; readonly name?: string }
  | { readonly fault: 'freeze'; readonly targets: readonly Target[]; readonly ms: number }
  /** As the disk watermark makes it: each index by itself, or the cluster as a whole. `killed`: the function dies in the middle of it. */
  | { readonly fault: 'read-only'; readonly what: 'indices' | 'cluster'; readonly ms: number; readonly killed: boolean }
  | { readonly fault: 'empty-valkey'; readonly what: 'everything' | 'documents' }
  | { readonly fault: 'store'; readonly what: StoreFault; readonly ms: number; readonly seed: number }
  | { readonly fault: 'kill-at-commit'; readonly target: 'flush-alt-docs' | 'lake-upkeep'; readonly arrives: boolean }
  | { readonly fault: 'stale'; readonly target: Sink }
  | { readonly fault: 'rewind-valkey' | 'second-trigger' }
)

/** A step without the pause before it. */
type Fault = Step extends infer S ? (S extends Step ? Omit<S, 'waitMs'> : never) : never

const AILMENTS = ['errors', 'slow', 'resets', 'lost answers', 'cuts'] as const
const MINUTE_MS = 60_000
/** No store is away, and OpenSearch is not read-only, for a larger part of the run than this. */
const PART = 0.2

/**
 * The faults of a run of documents, without end; they depend on seed and length alone. First, in random order, a kill of each piece, Valkey emptied and
 * OpenSearch read-only (for a minute, where the run is five times as long); then all else in random order; then again.
 */
export function* schedule(seed: number, minutes: number): Generator<Step> {
  const next = random(seed)
  const longMs = Math.min(MINUTE_MS, Math.round(minutes * MINUTE_MS * PART))
  const store = (what: StoreFault, ms: number): Fault => ({ fault: 'store', what, ms, seed: Math.floor(next() * 2 ** 31) })
  const faulty = (faults: readonly Fault[]) => shuffle(next, faults).map((fault): Step => ({ ...fault, waitMs: pause(next) }))
  const blocks = shuffle(next, ['indices', 'cluster'] as const)
  const atCommit = (target: 'flush-alt-docs' | 'lake-upkeep'): Fault => ({ fault: 'kill-at-commit', target, arrives: next() < 0.5 })
  for (let round = 0; ; round++) {
    yield* faulty([
      ...TARGETS.map((target): Fault => ({ fault: 'kill', targets: [target] })),
      { fault: 'empty-valkey', what: round % 2 === 0 ? 'documents' : 'everything' },
      { fault: 'read-only', what: blocks[round % 2]!, ms: longMs, killed: next() < 0.5 },
    ])
    yield* faulty([
      store(round % 2 === 0 ? 'all' : pick(next, AILMENTS), 5000),
      store('away', round === 0 ? 5000 : longMs),
      store('full', 3000),
      atCommit('flush-alt-docs'),
      atCommit('lake-upkeep'),
      { fault: 'kill', targets: shuffle(next, TARGETS).slice(0, 2), name: 'kill two at once' },
      { fault: 'kill', targets: SERVERS, name: 'kill all servers at once' },
      { fault: 'freeze', targets: [pick(next, TARGETS)], ms: 10_000 },
      { fault: 'stale', target: pick(next, SINKS) },
      { fault: 'rewind-valkey' },
      { fault: 'empty-valkey', what: round % 2 === 0 ? 'everything' : 'documents' },
      { fault: 'second-trigger' },
    ])
  }
}

const pause = (next: () => number): number => Math.round(500 + next() * 2000)

/** How a step is called in the table. */
export function nameOf(step: Step): string {
  switch (step.fault) {
    case 'kill':
      return step.name ?? `kill ${step.targets.join(' + ')}`
    case 'freeze':
      return `freeze ${step.targets.join(' + ')}`
    case 'read-only':
      return `OpenSearch read-only: ${step.what}`
    case 'empty-valkey':
      return `empty Valkey: ${step.what}`
    case 'store':
      return `store: ${step.what}`
    case 'kill-at-commit':
      return `kill ${step.target} at commit`
    case 'stale':
      return `${step.target} wakes beside its successor`
    default:
      return step.fault
  }
}
