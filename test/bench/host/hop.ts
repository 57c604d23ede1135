import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Row } from '../report.ts'
import { median, usageOf } from '../usage.ts'
import type { BenchHost } from './bench-host.ts'
import { load, quantileOf } from './load.ts'

/** One way to the same function: past the gateway, through it, and through a proxy as one would write it by hand. */
type Way = { readonly name: string; readonly port: number; readonly path: string; readonly pid: number }
type Measured = { readonly p50Ms: number; readonly perSecond: number; readonly cpuUs: number }

const SIZES = [
  ['64 KiB', 64 * 1024],
  ['1 MiB', 1024 * 1024],
] as const

/** What a call through the gateway costs beside a direct one. The ways take turns for short stretches, so that a slow moment of the machine hits all alike. */
export async function hops(host: BenchHost, rounds: number, say: (line: string) => void): Promise<Row[]> {
  await host.deploy('no-op', { image: 'no-op' })
  const replica = host.replicas().find(({ service }) => service === 'no-op')!
  const bare = await startBareProxy(replica.port)
  const ways: Way[] = [
    { name: 'direct', port: replica.port, path: '/', pid: replica.pid },
    { name: 'gateway', port: host.port, path: '/function/no-op', pid: host.pid },
    { name: 'bare proxy', port: bare.port, path: '/', pid: bare.pid },
  ]
  const rows: Row[] = []
  for (const [size, sizeBytes] of SIZES) {
    for (const connections of [1, 8]) {
      const what = `${size}, ${connections} connection${connections > 1 ? 's' : ''}`
      say(`hop, ${what}`)
      rows.push(...rowsOf(what, await takeTurns(ways, { sizeBytes, connections }, rounds)))
    }
  }
  bare.stop()
  return rows
}

async function takeTurns(
  ways: readonly Way[],
  load_: { sizeBytes: number; connections: number },
  rounds: number,
): Promise<Map<string, Measured[]>> {
  const measured = new Map<string, Measured[]>(ways.map(({ name }) => [name, []]))
  // The first turn warms up.
  for (let turn = 0; turn <= rounds * 5; turn++) {
    for (const { name, port, path, pid } of ways) {
      const before = usageOf(pid).cpuSeconds
      const { latenciesMs, perSecond } = await load({ port, path, ...load_, ms: 400 })
      const cpuUs = ((usageOf(pid).cpuSeconds - before) / latenciesMs.length) * 1e6
      if (turn > 0) measured.get(name)!.push({ p50Ms: quantileOf(latenciesMs, 0.5), perSecond, cpuUs })
    }
  }
  return measured
}

function rowsOf(what: string, measured: Map<string, Measured[]>): Row[] {
  const direct = measured.get('direct')!
  return [...measured].flatMap(([name, runs]) => {
    const row = (of: string, unit: Row['unit'], values: number[]): Row => ({
      what: `${name}, ${what}: ${of}`,
      unit,
      median: median(values),
      runs: values,
    })
    const added = runs.map(({ p50Ms }, i) => p50Ms - direct[i]!.p50Ms)
    return [
      ...(name === 'direct'
        ? [
            row(
              'P50',
              'ms',
              runs.map(({ p50Ms }) => p50Ms),
            ),
          ]
        : [row('added P50', 'ms', added)]),
      row(
        'calls',
        'calls/s',
        runs.map(({ perSecond }) => perSecond),
      ),
      ...(name === 'direct'
        ? []
        : [
            row(
              'its CPU a call',
              'µs',
              runs.map(({ cpuUs }) => cpuUs),
            ),
          ]),
    ]
  })
}

async function startBareProxy(behind: number): Promise<{ port: number; pid: number; stop(): void }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../peers/bare-proxy.ts'), String(behind)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { port: Number(String(line)), pid: child.pid!, stop: () => void child.kill() }
}
