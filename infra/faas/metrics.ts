import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { fullName } from './deployment.ts'
import type { Deployments } from './deployments.ts'

/** The gateway's metrics, by OpenFaaS's names. */
export type GatewayMetrics = {
  started(service: string): void
  done(service: string, code: number, seconds: number): void
  invocations(service: string): number
  text(): Promise<string>
  readonly contentType: string
}

/** From a no-op's half a millisecond to the longest call; OpenFaaS's own bounds are among them. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Measures every invocation; `function_name` is always `name.namespace`. */
export function gatewayMetrics(deployments: Deployments): GatewayMetrics {
  const registers = [new Registry()]
  collectDefaultMetrics({ register: registers[0]! })
  const started = new Counter({
    name: 'gateway_function_invocation_started',
    help: 'Invocations begun',
    labelNames: ['function_name'],
    registers,
  })
  const total = new Counter({
    name: 'gateway_function_invocation_total',
    help: 'Invocations ended, by status code',
    labelNames: ['function_name', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'gateway_functions_seconds',
    help: 'Duration of invocations',
    labelNames: ['function_name', 'code'],
    buckets: SECONDS,
    registers,
  })
  new Gauge({
    name: 'gateway_service_count',
    help: 'Replicas that are ready',
    labelNames: ['function_name'],
    registers,
    collect() {
      this.reset()
      for (const { deployment, set } of deployments.list()) this.set({ function_name: fullName(deployment.service) }, set.available)
    },
  })
  const counts = new Map<string, number>()
  return {
    started: (service) => started.inc({ function_name: fullName(service) }),
    done(service, code, duration) {
      const labels = { function_name: fullName(service), code: String(code) }
      total.inc(labels)
      seconds.observe(labels, duration)
      counts.set(service, (counts.get(service) ?? 0) + 1)
    },
    invocations: (service) => counts.get(service) ?? 0,
    text: () => registers[0]!.metrics(),
    contentType: registers[0]!.contentType,
  }
}
