import type { Row } from '../report.ts'
import { median } from '../usage.ts'
import { type BenchHost, untilGone } from './bench-host.ts'

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

async function answered(host: BenchHost, service: string): Promise<void> {
  const { status, text } = await host.call(`/function/${service}`, { method: 'POST', body: 'x' })
  if (status !== 200) throw new Error(`${service}: ${status} ${text}`)
}

async function msOf(what: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await what()
  return performance.now() - startedMs
}
