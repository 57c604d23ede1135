import type { BarStore } from '../../../shared/ports/bar-store.ts'
import { Store } from './store.ts'
import type { Swaps } from './world.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The store takes a commit from wherever its slots stand. */
class Unfenced extends Store {
  protected override decide() {
    return 'applied' as const
  }
}

/** The store compares with the end of the batch only, as one does who knows batches by their names. */
class KnowsBatches extends Store {
  protected override decide(...[position, commits]: Parameters<Store['decide']>) {
    const isKnown = commits.every(({ slot }) => this.slots[slot]!.position?.version === position.version)
    return isKnown ? 'repeat' : 'applied'
  }
}

/** The store takes a change that was computed from another commit's state. */
class WithoutTokens extends Store {
  protected override decide(...given: Parameters<Store['decide']>) {
    const decision = super.decide(...given)
    return decision === 'stale' ? 'applied' : decision
  }
}

/** Effect first, position after, in two steps. */
const inTwoSteps = (store: BarStore): BarStore => ({
  ...store,
  async commit(position, token, commits) {
    for (const commit of commits) {
      const before = { version: commit.after, ns: '0' }
      const first = await store.commit(before, `${token}a`, [commit])
      if (first !== 'applied') return first
      const second = await store.commit(position, token, [
        { ...commit, begin: false, token: `${token}a`, puts: [], deletes: [], outbox: null, published: [] },
      ])
      if (second !== 'applied') return second
    }
    return 'applied'
  },
})

/** Closed bars wait in the process's memory only. */
const forgetsOutbox = (store: BarStore): BarStore => ({
  ...store,
  commit: (position, token, commits) =>
    store.commit(
      position,
      token,
      commits.map((commit) => ({ ...commit, outbox: null })),
    ),
})

/** Trade ids are not stored. */
const forgetsIds = (store: BarStore): BarStore => ({
  ...store,
  commit: (position, token, commits) =>
    store.commit(
      position,
      token,
      commits.map((commit) => ({ ...commit, puts: commit.puts.filter(([field]) => !field.startsWith('i')) })),
    ),
})

/** Versions come from a counter that is stored beside the state. */
const countsVersions = (store: BarStore): BarStore => {
  const counts = new Map<number, number>()
  return {
    ...store,
    async load(slots) {
      const stored = await store.load(slots)
      return stored.map(({ fields, ...rest }, i) => {
        const { count, ...others } = Object.fromEntries(fields)
        counts.set(slots[i]!, Number(decoder.decode(count)))
        return { ...rest, fields: new Map(Object.entries(others)) }
      })
    },
    commit: (position, token, commits) =>
      store.commit(
        position,
        token,
        commits.map((commit) => {
          let count = counts.get(commit.slot) ?? 0
          const lines =
            commit.outbox &&
            decoder
              .decode(commit.outbox)
              .split('\n')
              .map((line) => line.replace(/"version":\d+/, () => `"version":${++count}`))
          counts.set(commit.slot, count)
          return {
            ...commit,
            outbox: lines && encoder.encode(lines.join('\n')),
            puts: [...commit.puts, ['count', encoder.encode(`${count}`)] as const],
          }
        }),
      ),
  }
}

/** An acknowledgement is never the truth: a trigger that takes every silence for a yes is put right by the next position it meets. */
export const BELIEVER: Swaps = {
  invoke: (invoke) => ({
    ...invoke,
    async batch(...given) {
      const answer = await invoke.batch(...given)
      return answer.status === 0 ? { ...answer, status: 200 } : answer
    },
  }),
}

/** Known faults that such systems have, each as one piece swapped. The simulation has to find every one. */
export const MUTANTS: Readonly<Record<string, Swaps>> = {
  'positions are not compared': { Store: Unfenced },
  'batches are known by their last message': { Store: KnowsBatches },
  'a stale memory is committed': { Store: WithoutTokens },
  'effect and position are two steps': { store: inTwoSteps },
  'the outbox is in memory': { store: forgetsOutbox },
  'trade ids are in memory': { store: forgetsIds },
  'versions are counted': { store: countsVersions },
  'dead letters are not awaited': {
    publisher: (publisher) => ({
      ...publisher,
      async publishAll(messages) {
        const sent = publisher.publishAll(messages)
        if (messages.some(({ subject }) => subject.startsWith('dlq.'))) sent.catch(() => {})
        else await sent
      },
    }),
  },
  'closed bars are not awaited': {
    publisher: (publisher) => ({
      ...publisher,
      async publishAll(messages) {
        const sent = publisher.publishAll(messages)
        if (messages.some(({ subject }) => subject.startsWith('ohlcv.'))) sent.catch(() => {})
        else await sent
      },
    }),
  },
  'no answer is taken for no': {
    invoke: (invoke) => ({
      ...invoke,
      async batch(...given) {
        const answer = await invoke.batch(...given)
        return answer.status === 0 ? { ...answer, status: 400 } : answer
      },
    }),
  },
  'nobody looks whether the stream is the same': {
    stream: (stream) => ({
      ...stream,
      message: async () => undefined,
      state: async () => ({ ...(await stream.state()), created: 'always' }),
    }),
  },
  'a lost position reads the whole stream again': { stream: (stream) => ({ ...stream, sequenceAt: async () => 1 }) },
  'a lost position goes on at the head of the stream': {
    stream: (stream) => ({ ...stream, sequenceAt: async () => (await stream.state()).last + 1 }),
  },
  'the reading begins one message late': {
    stream: (stream) => ({ ...stream, consumer: (start, subjects) => stream.consumer(start + 1, subjects) }),
  },
}
