import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

export type Usage = { readonly cpuSeconds: number; readonly rssMiB: number; readonly peakMiB: number }

/** What a process has used: user and system time since its start, memory now and at its most. Linux only. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (key: string) => Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}

/** Processes whose parent is `pid`: the replicas of a gateway that has not been replaced. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** The middle one of several runs. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The function a replica runs, read from its command line (`.../functions/NAME/index.js`). */
export const functionName = (pid: number): string =>
  /functions\/([^/]+)\/index\.js/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1] ?? `process ${pid}`
