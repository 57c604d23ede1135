import { Counter, Gauge, type Metric, Registry } from './prometheus.ts'

/** A registry of its own for one function or process; every metric in it carries the label `process`. */
export function createMetrics(name: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ process: name })
  return registry
}

/** A gauge that asks for its value whenever metrics are read. */
export function gaugeOf(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })
}

/** Ticks that can never count, by code: one name for all functions that take ticks in. */
export function rejectedTicks(registry: Registry): Counter<'code'> {
  const help = 'Ticks sent to the dead letters, by code'
  return new Counter({ name: 'ticks_rejected_total', help, labelNames: ['code'], registers: [registry] })
}

/**
 * A histogram that takes many equal observations at once, which prom-client's does not: a batch of 5,000 ticks is a handful of calls.
 * `bounds` are the upper bounds of its buckets, ascending, in the unit that its name ends in.
 */
export class WeightedHistogram {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
    // The registry only ever calls `get` and reads `name`; its type asks for one of the library's own classes.
    registry.registerMetric({ name, get: async () => this.#object() } as unknown as Metric)
  }

  observe(value: number, times: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++
    this.#counts[bucket]! += times
    this.#sum += value * times
  }

  #object() {
    let below = 0
    const buckets = Array.from(this.#counts, (count, i) => {
      below += count
      return { metricName: `${this.#name}_bucket`, value: below, labels: { le: this.#bounds[i] ?? '+Inf' } }
    })
    const totals = [
      { metricName: `${this.#name}_sum`, value: this.#sum, labels: {} },
      { metricName: `${this.#name}_count`, value: below, labels: {} },
    ]
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values: [...buckets, ...totals] }
  }
}
