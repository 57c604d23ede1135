import { readFileSync } from 'node:fs'

/**
 * What tells a process from a later one with the same pid: the boot and the clock tick it was started at (proc(5), field 22).
 * Undefined when there is no such process; a zombie is none.
 */
export function identityOf(pid: number): string | undefined {
  const stat = statOf(pid)
  if (!stat || stat[0] === 'Z' || stat[0] === 'X') return undefined
  return `${BOOT}:${stat[19]}`
}

/** The fields of /proc/PID/stat after the name (which may hold spaces): state, parent, group, ... */
export const statOf = (pid: number): string[] | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

const BOOT = (() => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  } catch {
    return ''
  }
})()
