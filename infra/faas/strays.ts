import { readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { sep } from 'node:path'
import { killGroup } from '../stack/group.ts'
import { statOf } from '../stack/identity.ts'

/** Of /proc/PID/stat after the name: the session that a process is in, named by the process that began it. */
const SESSION = 3

/**
 * Ends replicas that no record knows: a host that is killed just after it has started one has not written it down. They are known by where
 * they write their output, and by the session of their own in which every replica is started.
 * @param logs - the folder of the replicas' logs.
 * @param recorded - pids of replicas that are known.
 */
export function endStrays(logs: string, recorded: ReadonlySet<number>): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (pid > 0 && !recorded.has(pid) && statOf(pid)?.[SESSION] === name && writesTo(pid, logs)) killGroup(pid)
  }
}

function writesTo(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`).startsWith(realpathSync(folder) + sep)
  } catch {
    // It has ended, or is another user's.
    return false
  }
}
