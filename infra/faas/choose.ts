type Choice = { readonly ready: boolean; readonly inFlight: number; readonly record: { readonly index: number } }

/**
 * Picks one of the replicas that are ready. With an affinity: rendezvous hashing over their numbers, so the same text meets the same
 * replica, also after its restart, and a replica more or less moves only its own share. Without: the one with least requests in flight.
 */
export function choose<T extends Choice>(replicas: readonly T[], affinity: string | undefined): T | undefined {
  let best: T | undefined
  let bestScore = Number.NEGATIVE_INFINITY
  for (const replica of replicas) {
    if (!replica.ready) continue
    const score = affinity === undefined || replicas.length === 1 ? -replica.inFlight : hash(`${replica.record.index}/${affinity}`)
    if (score > bestScore) {
      best = replica
      bestScore = score
    }
  }
  return best
}

/** FNV-1a, then the final mix of murmur3: texts that differ in one character must not rank alike. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
