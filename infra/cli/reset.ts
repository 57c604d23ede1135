import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { holdFolder, isDataFolder, stopLeftovers, unmark } from '../stack/claim.ts'
import { Problem } from '../stack/problem.ts'
import { readSettings } from '../stack/settings.ts'
import { confirmed } from './confirm.ts'

/** What the stack itself puts into its data folder. Nothing else in it is ever deleted. */
const OWN = ['nats', 'valkey', 'questdb', 's3', 'opensearch', 'faas', 'logs', 'run', 'secrets', 'once']

/** Deletes the stack's data after asking. Downloaded servers stay. */
export async function reset(options: { yes?: boolean }): Promise<number> {
  const { data } = readSettings()
  if (!existsSync(data)) {
    console.log(`there is no data at ${data}`)
    return 0
  }
  if (!isDataFolder(data)) throw new Problem(`${data} is no data folder of a stack: nothing was deleted`)
  // Held until the end: no stack can start on the folder while this asks or deletes.
  const lock = await holdFolder(data)
  try {
    return await deleteOwn(data, options)
  } finally {
    lock.close()
  }
}

async function deleteOwn(data: string, options: { yes?: boolean }): Promise<number> {
  if (!options.yes && !(await confirmed('reset', `Delete all ticks, bars and logs in ${data}? [y/N] `))) {
    console.log('nothing was deleted')
    return 1
  }
  await stopLeftovers(data, console.log)
  for (const name of OWN) await rm(join(data, name), { recursive: true, force: true })
  unmark(data)
  const others = await readdir(data)
  if (others.length === 0) await rmdir(data)
  console.log(others.length === 0 ? `deleted ${data}` : `deleted the stack's data in ${data}; left as it is: ${others.join(', ')}`)
  return 0
}
