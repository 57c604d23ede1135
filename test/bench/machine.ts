import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'

type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly os: string
  /** Lines parsed by JSON.parse in one thread, a second: what this machine gives right now. */
  readonly parsesPerSecond: number
}

/** What the figures were measured on. */
export function machine(): Machine {
  const os = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    os,
    parsesPerSecond: parsesPerSecond(),
  }
}

/** One line that stands above the figures. */
export const inWords = ({ cpu, cores, memoryGiB, os, node, parsesPerSecond }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, Node ${node}; JSON.parse here and now: ${parsesPerSecond} lines/s`

/** Begins to watch what the host of a virtual machine takes from it for others; gives the share of its processors' time since then. */
export function stolen(): () => number {
  const [before, allBefore] = processorTicks()
  return () => {
    const [now, all] = processorTicks()
    return (now - before) / Math.max(1, all - allBefore)
  }
}

/** What was stolen and the sum of all, ticks since the machine's start (`cpu` in proc_stat(5)). */
function processorTicks(): [number, number] {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/ +/).slice(1, 9).map(Number)
  return [fields[7] ?? 0, fields.reduce((sum, ticks) => sum + ticks, 0)]
}

/** A calibration: two machines, or two moments on a shared one, differ by this much before anything of ours runs. */
function parsesPerSecond(): number {
  const line = '{"timestamp":1381132800464,"exchange":"lean","symbol":"SPY","price":167.41,"qty":1400,"trade_id":"20131007-1"}'
  let sum = 0
  const start = performance.now()
  for (let i = 0; i < 400_000; i++) sum += JSON.parse(line).price
  if (sum === 0) throw new Error('not parsed')
  return Math.round(400_000 / ((performance.now() - start) / 1000))
}
