import { hashOfText } from '../../shared/domain/text-hash.ts'

type Choice = { readonly ready: boolean; readonly isFull: boolean; readonly inFlight: number; readonly record: { readonly index: number } }

/**
 * Picks one of the replicas that are ready and may take one more request. With an affinity: rendezvous hashing over their numbers, so the same text meets the same
 * replica, also after its restart, and a replica more or less moves only its own share. Without: the one with least requests in flight.
 */
export function choose<T extends Choice>(replicas: readonly T[], affinity: string | undefined): T | undefined {
  let best: T | undefined
  let bestScore = Number.NEGATIVE_INFINITY
  for (const replica of replicas) {
    if (!replica.ready || replica.isFull) continue
    const score = affinity === undefined || replicas.length === 1 ? -replica.inFlight : hashOfText(`${replica.record.index}/${affinity}`)
    if (score > bestScore) {
      best = replica
      bestScore = score
    }
  }
  return best
}
