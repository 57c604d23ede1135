import { readFileSync } from 'node:fs'
import { statOf } from '../stack/identity.ts'
import type { ReplicaRecord } from './registry.ts'

/** What replicas use, in OpenFaaS's units: `cpu` in thousandths of a core. */
type Usage = { readonly cpu: number; readonly totalMemoryBytes: number }

/** A process's processor time at a moment, both in ms; the moment since the machine's start. */
type Reading = { readonly cpuMs: number; readonly atMs: number }

/** Linux counts processes' time in hundredths of a second on every architecture (proc(5), sysconf(_SC_CLK_TCK)). */
const TICK_MS = 10
/** Ticks are too coarse for a span shorter than this. */
const LEAST_MS = 1_000

/** Reads what replicas use; processor time is counted since the reading before, the first since the process's start. */
export class UsageMeter {
  #before = new WeakMap<ReplicaRecord, Reading>()

  of(replicas: readonly ReplicaRecord[]): Usage {
    const used = replicas.flatMap((replica) => this.#read(replica) ?? [])
    const sum = (key: keyof Usage) => used.reduce((total, one) => total + one[key], 0)
    return { cpu: Math.round(sum('cpu')), totalMemoryBytes: sum('totalMemoryBytes') }
  }

  #read(replica: ReplicaRecord): Usage | undefined {
    const stat = statOf(replica.pid)
    if (!stat) return undefined
    const [userTicks, systemTicks, startTicks] = [stat[11], stat[12], stat[19]].map(Number) as [number, number, number]
    const now: Reading = { cpuMs: (userTicks + systemTicks) * TICK_MS, atMs: uptimeMs() }
    const before = this.#before.get(replica) ?? { cpuMs: 0, atMs: startTicks * TICK_MS }
    const spanMs = Math.max(now.atMs - before.atMs, 1)
    if (spanMs >= LEAST_MS) this.#before.set(replica, now)
    return { cpu: ((now.cpuMs - before.cpuMs) / spanMs) * 1000, totalMemoryBytes: residentBytes(replica.pid) }
  }
}

const uptimeMs = (): number => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000

function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
