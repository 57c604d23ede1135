import type { Row } from '../report.ts'
import { median } from '../usage.ts'
import { type BenchHost, untilGone } from './bench-host.ts'
import { load } from './load.ts'

const REPLICAS = 4

/** How long a function takes from nothing to its first answer: just deployed, and woken from sleep by the call itself. */
export async function starts(host: BenchHost, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const [cold, woken]: number[][] = [[], []]
  const annotations = { 'scale.zero-after': '10m' }
  for (let i = 0; i < rounds * 7; i++) {
    cold!.push(
      await msOf(async () => {
        await host.system('POST', 'functions', { service: 'cold', image: 'no-op', annotations })
        await answered(host, 'cold')
      }),
    )
    await host.system('POST', 'scale-function/cold', { replicas: 0 })
    await untilGone(host, 'cold')
    woken!.push(await msOf(() => answered(host, 'cold')))
    await host.system('DELETE', 'functions', { functionName: 'cold' })
    await untilGone(host, 'cold')
    say(`  cold start ${cold!.at(-1)!.toFixed(0)} ms, from sleep ${woken!.at(-1)!.toFixed(0)} ms`)
  }
  return [
    { what: 'cold start: deploy to first answer, P50', unit: 'ms', median: median(cold!), runs: cold! },
    { what: 'scale from zero: call to its answer, P50', unit: 'ms', median: median(woken!), runs: woken! },
  ]
}

/** How long it takes from a step of calls, which one replica cannot hold, until all replicas are ready. */
export async function scaleOut(host: BenchHost, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const runs: number[] = []
  for (let i = 0; i < rounds; i++) {
    const service = `step-${i}`
    await host.deploy(service, { image: 'no-op', labels: { 'com.openfaas.scale.max': String(REPLICAS) } })
    const running = load({ port: host.port, path: `/function/${service}`, sizeBytes: 1024, connections: REPLICAS * 12, ms: 10_000 })
    const startedMs = performance.now()
    let readyMs = Number.POSITIVE_INFINITY
    while (readyMs > 10_000 && performance.now() < startedMs + 10_000) {
      const { availableReplicas } = await host.describe(service)
      if (availableReplicas === REPLICAS) readyMs = performance.now() - startedMs
    }
    await running
    runs.push(readyMs)
    say(`  ${REPLICAS} replicas ${readyMs.toFixed(0)} ms after a step of ${REPLICAS * 12} calls in flight`)
    await host.system('DELETE', 'functions', { functionName: service })
    await untilGone(host, service)
  }
  return [{ what: `scale-out: step of ${REPLICAS * 12} calls in flight to ${REPLICAS} replicas`, unit: 'ms', median: median(runs), runs }]
}

async function answered(host: BenchHost, service: string): Promise<void> {
  const { status, text } = await host.call(`/function/${service}`, { method: 'POST', body: 'x' })
  if (status !== 200) throw new Error(`${service}: ${status} ${text}`)
}

async function msOf(what: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await what()
  return performance.now() - startedMs
}
