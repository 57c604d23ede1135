import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The log of a function's replica of one number, whichever process that is at the time; `older` is what was cut off when it grew too large. */
export type ReplicaLog = { readonly instance: string; readonly file: string; readonly older: string }

/** Where the replicas' output is, below the host's data folder. */
export const logFolder = (data: string): string => join(data, 'logs')

/** A function's name has no dot: no two functions share a file. */
export const logFileOf = (folder: string, service: string, index: number): string => join(folder, `${service}.${index}.log`)

/** When a log had which size; what belongs to the older part ends in `.1` as that does. */
export const timesFileOf = (file: string): string => file.replace(/\.log(\.1)?$/, '.times$1')

/** Every function's logs in a folder, by the function's name. */
export function logsIn(folder: string): Map<string, ReplicaLog[]> {
  const found = new Map<string, ReplicaLog[]>()
  if (!existsSync(folder)) return found
  for (const name of readdirSync(folder).sort()) {
    const [, service, index] = /^([^.]+)\.(\d+)\.log$/.exec(name) ?? []
    if (service === undefined) continue
    const file = join(folder, name)
    found.set(service, [...(found.get(service) ?? []), { instance: `${service}-${index}`, file, older: `${file}.1` }])
  }
  return found
}
