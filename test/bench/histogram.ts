/** Counts by upper bound, as Prometheus text gives them: cumulative, ascending, the last one +Inf. */
export type Buckets = readonly { readonly le: number; readonly count: number }[]

/** Reads the buckets of one histogram out of a metrics page; several label sets are added up. */
export function bucketsOf(page: string, name: string): Buckets {
  const sums = new Map<number, number>()
  for (const line of page.split('\n')) {
    if (!line.startsWith(`${name}_bucket`)) continue
    const le = /le="([^"]+)"/.exec(line)?.[1]
    if (le === undefined) continue
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
    sums.set(bound, (sums.get(bound) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)))
  }
  return [...sums].sort(([a], [b]) => a - b).map(([le, count]) => ({ le, count }))
}

/** What came between two readings of the same histogram. */
export const between = (before: Buckets, after: Buckets): Buckets =>
  after.map(({ le, count }) => ({ le, count: count - (before.find((b) => b.le === le)?.count ?? 0) }))

/**
 * The value below which the share `q` of all observations lies, by linear interpolation inside its bucket (as Prometheus does).
 * NaN without observations; the last finite bound when it lies beyond.
 */
export function quantile(buckets: Buckets, q: number): number {
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return Number.NaN
  const rank = q * total
  let lower = 0
  let below = 0
  for (const { le, count } of buckets) {
    if (count >= rank) return Number.isFinite(le) ? lower + ((le - lower) * (rank - below)) / (count - below || 1) : lower
    lower = le
    below = count
  }
  return lower
}
