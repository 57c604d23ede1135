import { gaugeOf } from '../../shared/runtime/metrics.ts'
import { Counter, Gauge, Histogram, type Registry } from '../../shared/runtime/prometheus.ts'

const SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]

/** What the function tells of its queries. @param cacheBytes - how much of the lake lies on the local disk. */
export function queryMetrics(metrics: Registry, fetched: () => number, cacheBytes: () => number) {
  const registers = [metrics]
  new Counter({
    name: 'lake_query_fetched_bytes_total',
    help: 'Bytes of data files brought from the store',
    registers,
    collect() {
      this.reset()
      this.inc(fetched())
    },
  })
  gaugeOf(metrics, 'lake_query_cache_bytes', 'Data files on the local disk', cacheBytes)
  return {
    queries: new Counter({
      name: 'lake_queries_total',
      help: 'Queries, by how they ended: ok, truncated, or the code of the error',
      labelNames: ['outcome'],
      registers,
    }),
    running: new Gauge({ name: 'lake_queries_running', help: 'Queries that run now', registers }),
    seconds: new Histogram({ name: 'lake_query_seconds', help: 'Duration of queries that were answered', buckets: SECONDS, registers }),
    files: new Counter({
      name: 'lake_query_files_total',
      help: 'Data files of the tables that were read: those a query needed, and those left out by partition or statistics',
      labelNames: ['use'],
      registers,
    }),
  }
}
