import { ingestMetrics } from '../../functions/alt-ingest/metrics.ts'
import { lakeMetrics } from '../../functions/flush-batch/metrics.ts'
import { documentMetrics } from '../../functions/index-alt-doc/metrics.ts'
import { queryMetrics } from '../../functions/lake-query/metrics.ts'
import { lakeUpkeep } from '../../functions/lake-upkeep/handler.ts'
import { barMetrics } from '../../functions/tick-to-bar/metrics.ts'
import type { Deployments } from '../../infra/faas/deployments.ts'
import { gatewayMetrics } from '../../infra/faas/metrics.ts'
import { defineAcked } from '../../shared/runtime/acked.ts'
import { defineIdempotent } from '../../shared/runtime/idempotent.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { type Metric, Registry } from '../../shared/runtime/prometheus.ts'
import { scheduleMetrics } from '../../triggers/cron/metrics.ts'
import { triggerMetrics } from '../../triggers/metrics.ts'
import { memoryPositionTable } from './memory-position-table.ts'
import { recordingPublisher } from './recording-publisher.ts'

/** A metric as the code registers it: who tells it, of which type, and with which labels of its own. */
export type Registered = { readonly name: string; readonly of: Teller; readonly type: string; readonly labels: readonly string[] }
export type Teller = 'gateway' | 'trigger' | 'function'

/** Every metric that the platform's processes, the frames of functions and the functions of this repository register, by name. */
export async function registeredMetrics(): Promise<Registered[]> {
  const own = { positions: memoryPositionTable(), deadLetters: recordingPublisher(), input: { read: () => ({ items: [], rejects: [] }) } }
  const all = [
    ...(await madeBy('gateway', () => gatewayMetrics({ list: () => [] } as unknown as Deployments))),
    ...(await madeBy('trigger', () => scheduleMetrics(createMetrics('t')))),
    ...(await madeBy('trigger', () => triggerMetrics(createMetrics('t'), () => ({ nats: true, gateway: true })))),
    ...(await madeBy('function', () => {
      defineAcked({ name: 'acked', handle: async () => {} })
      defineIdempotent({ name: 'idempotent', ...own, handle: async () => {} })
      barMetrics(createMetrics('tick-to-bar'), () => 0)
      ingestMetrics(createMetrics('alt-ingest'))
      lakeMetrics(createMetrics('flush-batch'), () => 0)
      documentMetrics(createMetrics('index-alt-doc'))
      queryMetrics(
        createMetrics('lake-query'),
        () => 0,
        () => 0,
      )
      lakeUpkeep([], { targetBytes: 1, checkpointEvery: 1, mostMs: 1, answerMs: 1, audit: { mostMs: 1 } as never })
    })),
  ]
  return [...new Map(all.map((one) => [`${one.of} ${one.name}`, one])).values()]
}

/** What is registered, in whichever registry, while this is done. */
async function madeBy(of: Teller, build: () => unknown): Promise<Registered[]> {
  const made: Metric[] = []
  const register = Registry.prototype.registerMetric
  Registry.prototype.registerMetric = function (this: Registry, metric: Metric) {
    made.push(metric)
    register.call(this, metric)
  }
  try {
    build()
  } finally {
    Registry.prototype.registerMetric = register
  }
  return Promise.all(
    made.map(async (metric) => {
      const { name, labelNames = [] } = metric as unknown as { readonly name: string; readonly labelNames?: readonly string[] }
      return { name, of, type: String((await metric.get()).type), labels: labelNames }
    }),
  )
}
