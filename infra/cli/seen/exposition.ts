/** One value of a metric, as Prometheus' text format has it. */
export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const MEANT: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' }

/**
 * Reads the samples out of a metrics page; what is no sample is passed over.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export const samplesOf = (page: string): Sample[] =>
  page.split('\n').flatMap((line): Sample[] => {
    const [, name, labels = '', value] = LINE.exec(line) ?? []
    if (name === undefined) return []
    const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!.replace(/\\(.)/g, (_, c: string) => MEANT[c] ?? c)])
    return [{ name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) }]
  })

/** The sum of a metric's samples; 0 where there is none. */
export const sumOf = (samples: readonly Sample[], name: string): number =>
  samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0)

/** The greatest of a metric's samples; undefined where there is none. */
export const mostOf = (samples: readonly Sample[], name: string): number | undefined =>
  samples.reduce<number | undefined>(
    (most, sample) => (sample.name === name ? Math.max(most ?? Number.NEGATIVE_INFINITY, sample.value) : most),
    undefined,
  )

/** The mean of what a histogram has observed; undefined where that is nothing. */
export function meanOf(samples: readonly Sample[], histogram: string): number | undefined {
  const count = sumOf(samples, `${histogram}_count`)
  return count === 0 ? undefined : sumOf(samples, `${histogram}_sum`) / count
}

/**
 * Below which value this share of a histogram's observations lies: between the bounds of a bucket as if they were spread evenly in it, as Prometheus'
 * `histogram_quantile` has it. Beyond the last bound it is that bound. Undefined where nothing was observed.
 * @param samples - its buckets, of one histogram or several.
 */
export function quantileOf(samples: readonly Sample[], histogram: string, share: number): number | undefined {
  const counts = new Map<number, number>()
  for (const { name, labels, value } of samples) {
    if (name !== `${histogram}_bucket`) continue
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  const buckets = [...counts].sort(([a], [b]) => a - b)
  const total = buckets.at(-1)?.[1] ?? 0
  if (total === 0) return undefined
  let [below, from] = [0, 0]
  for (const [to, count] of buckets) {
    if (count >= total * share)
      return to === Number.POSITIVE_INFINITY ? from : from + ((to - from) * (total * share - below)) / (count - below)
    below = count
    from = to
  }
  return undefined
}
