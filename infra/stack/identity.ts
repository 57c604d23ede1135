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

/** Set in a process's flags from the first moment of its end (proc(5), field 9), before its connections are closed. */
const PF_EXITING = 0x4

/** Whether a process has ended or is about to: what it held is being closed by the system, not by itself. */
export function isEnding(pid: number): boolean {
  const stat = statOf(pid)
  return !stat || stat[0] === 'Z' || stat[0] === 'X' || (Number(stat[6]) & PF_EXITING) !== 0
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
