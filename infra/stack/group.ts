import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { openLog } from './log-file.ts'
import type { ProcessSpec } from './process-spec.ts'

/** What of our own environment a process inherits; everything else it needs is in its spec. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS']

/** Starts a process in a group of its own, away from the terminal's Ctrl-C, with its output in a log that it appends to by itself. */
export function spawnInGroup({ command, args, env }: ProcessSpec, logFile: string): ChildProcess {
  const log = openLog(logFile)
  const inherited = Object.fromEntries(INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])))
  const child = spawn(command, args, { env: { ...inherited, ...env }, stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  return child
}

/** Ends what a process left running in its own group (Valkey forks to rewrite its file). */
export const killGroup = (group: number): void => {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
