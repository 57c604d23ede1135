import { readdirSync, readFileSync } from 'node:fs'

/** The memory that a process and all it has started hold, in bytes; 0 when it is gone. What they share is counted once. Linux only. */
export function memoryOf(pid: number, limitBytes = 0): number {
  const pids = [pid, ...descendantsOf(pid)]
  const resident = pids.reduce((sum, one) => sum + bytesIn(`/proc/${one}/status`, 'VmRSS'), 0)
  // Proportional shares cost the kernel a walk through all pages: only several processes share, and only beyond the limit does it matter.
  if (pids.length === 1 || resident <= limitBytes) return resident
  return pids.reduce((sum, one) => sum + bytesIn(`/proc/${one}/smaps_rollup`, 'Pss'), 0)
}

function descendantsOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number))
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

const bytesIn = (file: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(file))?.[1] ?? 0) * 1024

/** Empty when the process is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
