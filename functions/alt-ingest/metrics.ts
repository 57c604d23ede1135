import { Counter, Gauge, Histogram, type Registry } from '../../shared/runtime/prometheus.ts'

const SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]

/** What the function tells of its documents and of the feeds that it reads. */
export function ingestMetrics(metrics: Registry) {
  const registers = [metrics]
  const labelNames = ['feed'] as const
  return {
    documents: new Counter({
      name: 'alt_documents_total',
      help: 'Documents, by whence they came (post, feed) and what became of them: published, duplicate, or the code of the error',
      labelNames: ['from', 'outcome'],
      registers,
    }),
    reads: new Counter({
      name: 'alt_feed_reads_total',
      help: 'Readings of feeds, by what they came to: read, unchanged, or why the feed could not be read',
      labelNames: ['feed', 'outcome'],
      registers,
    }),
    seconds: new Histogram({ name: 'alt_feed_read_seconds', help: 'Duration of readings', buckets: SECONDS, registers }),
    failures: new Gauge({ name: 'alt_feed_failures', help: 'Readings in a row that failed', labelNames, registers }),
    succeeded: new Gauge({ name: 'alt_feed_success_timestamp_seconds', help: 'When the feed was last read', labelNames, registers }),
  }
}
export type IngestMetrics = ReturnType<typeof ingestMetrics>
