import type { LakeStream, StreamFacts } from '../../shared/ports/lake-stream.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

type Now = { -readonly [K in keyof StreamFacts]: StreamFacts[K] }

/** A stream of one message a second, the one of sequence 1 at 1 s, that is what `now` says. */
export function memoryLakeStream(now: Partial<Now> = {}) {
  const stream = {
    now: { first: 0, last: 0, nowMs: 1000 * (now.last ?? 0), epochs: [{ epoch: 1, from: 1 }], begin: 0, ...now } as Now,
    refusals: new Set<number>(),
    isComplete: true,
    isAway: false,
    facts: async () => {
      if (stream.isAway) throw new RetryableError('ERR_UNAVAILABLE', 'NATS is away')
      return stream.now
    },
    timeOf: async (sequence: number) => (sequence >= stream.now.first && sequence <= stream.now.last ? sequence * 1000 : undefined),
    refused: async () => ({ versions: stream.refusals, isComplete: stream.isComplete }),
  }
  return stream satisfies LakeStream
}
