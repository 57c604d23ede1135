import { readFileSync } from 'node:fs'
import type { Row } from '../report.ts'
import { median, usageOf } from '../usage.ts'
import type { BenchHost } from './bench-host.ts'

const REPLICAS = 5

/** What a replica holds that has answered once and is idle: all of it, and its share where it shares pages with the others. */
export async function memory(host: BenchHost): Promise<Row[]> {
  await host.deploy('idle', { image: 'no-op', labels: { 'com.openfaas.scale.min': String(REPLICAS) } })
  await Promise.all(Array.from({ length: REPLICAS * 4 }, () => host.call('/function/idle', { method: 'POST', body: 'x' })))
  const pids = host.replicas().flatMap(({ service, pid }) => (service === 'idle' ? [pid] : []))
  const resident = pids.map((pid) => usageOf(pid).rssMiB)
  const shares = pids.map(shareMiB)
  await host.system('DELETE', 'functions', { functionName: 'idle' })
  return [
    { what: 'memory of an idle replica, resident', unit: 'MiB', median: median(resident), runs: resident },
    { what: `memory of an idle replica, its share beside ${REPLICAS - 1} others`, unit: 'MiB', median: median(shares), runs: shares },
    { what: 'memory of the host', unit: 'MiB', median: usageOf(host.pid).rssMiB, runs: [usageOf(host.pid).rssMiB] },
  ]
}

const shareMiB = (pid: number): number => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024
