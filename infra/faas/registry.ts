import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { identityOf } from '../stack/identity.ts'
import { logFolder } from './logs/files.ts'
import { readState, writeState } from './state.ts'
import { endStrays } from './strays.ts'

/** What is kept on disk of a running replica, so that a restarted host finds it again. A pid is given out again: with `identity` it names one process. */
export type ReplicaRecord = {
  readonly service: string
  readonly index: number
  readonly revision: string
  readonly pid: number
  readonly identity: string
  readonly port: number
}

/** Told of every replica that starts and ends, in the same turn. */
export type Registry = { add(record: ReplicaRecord): void; remove(record: ReplicaRecord): void }

const fileOf = (folder: string) => join(folder, 'replicas.json')

const lives = ({ pid, identity }: ReplicaRecord) => identityOf(pid) === identity

/** The record on disk of every replica that runs, so that a host that was killed leaves none behind unknown. */
export function openRegistry(folder: string): Registry & { takeRunning(services: ReadonlySet<string>): ReplicaRecord[] } {
  let records = readState<ReplicaRecord[]>(fileOf(folder), [])
  const save = (next: ReplicaRecord[]) => {
    writeState(fileOf(folder), next, { durable: false })
    records = next
  }
  /** A record too many does no harm, as its process is known by more than its number: a full disk must not end the host that clears it away. */
  const clear = (left: ReplicaRecord[]) => {
    try {
      save(left)
    } catch {
      // The next one that is saved leaves it out as well.
      records = left
    }
  }
  return {
    add(record) {
      save([...records, record])
    },
    remove({ pid }) {
      clear(records.filter((record) => record.pid !== pid))
    },
    /** The recorded replicas that still run. Those of other services than the given ones are ended, and those that are not recorded. */
    takeRunning(services) {
      endStrays(logFolder(folder), new Set(records.map(({ pid }) => pid)))
      for (const record of records) if (!services.has(record.service)) signalReplica(record, 'SIGKILL')
      clear(records.filter((record) => services.has(record.service) && lives(record)))
      return [...records]
    },
  }
}

/** Ends every replica that a host left behind in its data folder: for when no host will come back. */
export const endReplicas = (folder: string): void => {
  if (existsSync(fileOf(folder))) openRegistry(folder).takeRunning(new Set())
}

/** Sends a signal to exactly the process that was recorded; says whether it was still there. */
export function signalReplica({ pid, identity }: ReplicaRecord, signal: NodeJS.Signals): boolean {
  if (identityOf(pid) !== identity) return false
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
