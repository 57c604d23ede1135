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

/** A calibration: two machines, or two moments on a shared one, differ by this much before anything of ours runs. */
function parsesPerSecond(): number {
  const line = '{"timestamp":1381132800464,"exchange":"lean","symbol":"SPY","price":167.41,"qty":1400,"trade_id":"20131007-1"}'
  let sum = 0
  const start = performance.now()
  for (let i = 0; i < 400_000; i++) sum += JSON.parse(line).price
  if (sum === 0) throw new Error('not parsed')
  return Math.round(400_000 / ((performance.now() - start) / 1000))
}
