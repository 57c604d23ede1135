import { Counter, Gauge, Histogram, Registry } from 'prom-client'
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

/** Measures every invocation; `function_name` is always `name.namespace`. */
export function gatewayMetrics(deployments: Deployments): GatewayMetrics {
  const registers = [new Registry()]
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
