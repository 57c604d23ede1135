import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endReplicas } from '../faas/registry.ts'
import { killGroup } from './group.ts'
import { identityOf } from './identity.ts'
import { Problem } from './problem.ts'
import { type ProcessRecord, readRecords, removeRecord, writeRecord } from './record.ts'

const SUPERVISOR = 'supervisor'
const MARK = '.trade2026'
const LEAST_FREE_BYTES = 512 * 1024 * 1024

/** The process that runs the stack of a data folder now, if one does. */
export const supervisorOf = (data: string): ProcessRecord | undefined =>
  readRecords(data).find(({ name, pid, identity }) => name === SUPERVISOR && identityOf(pid) === identity)

/** Whether a folder was made a data folder by a stack: nothing is ever deleted in another one. */
export const isDataFolder = (data: string): boolean => existsSync(join(data, MARK))

/** Removes the mark, last of all. */
export const unmark = (data: string): void => rmSync(join(data, MARK), { force: true })

/** A data folder that is this process's own. `hadLeftovers`: what an earlier one left was just stopped, so its ports may still be closing. */
export type Claim = { readonly release: () => void; readonly hadLeftovers: boolean }

/**
 * Makes this process the one supervisor of a data folder, creating the folder, and stops what an earlier supervisor that was killed left behind.
 * @throws {Problem} when another one runs, or the folder cannot be written.
 */
export async function claim(data: string, say: (line: string) => void): Promise<Claim> {
  try {
    mkdirSync(join(data, 'run'), { recursive: true })
    writeFileSync(join(data, MARK), 'The data of a trade2026 stack: see docs/operations.md\n')
  } catch (error) {
    throw new Problem(
      `the data folder ${data} cannot be written (${(error as NodeJS.ErrnoException).code}): set TRADE2026_DATA to one that can`,
    )
  }
  const { bavail, bsize } = statfsSync(data)
  if (bavail * bsize < LEAST_FREE_BYTES) {
    throw new Problem(
      `the disk of ${data} is full (${Math.round((bavail * bsize) / 1e6)} MB free): make room or set TRADE2026_DATA to another disk`,
    )
  }
  const lock = await holdFolder(data)
  writeRecord(data, {
    name: SUPERVISOR,
    pid: process.pid,
    identity: identityOf(process.pid) ?? '',
    port: undefined,
    startedAt: new Date().toISOString(),
    restarts: 0,
  })
  const hadLeftovers = await stopLeftovers(data, say)
  const release = () => {
    removeRecord(data, SUPERVISOR)
    lock.close()
  }
  return { release, hadLeftovers }
}

/** Takes the folder's name among abstract Unix sockets (unix(7)): the system gives it to one process and frees it when that process ends, however it ends. */
export const holdFolder = (data: string): Promise<Server> =>
  new Promise((done, fail) => {
    const name = createHash('sha256').update(realpathSync(data)).digest('hex').slice(0, 32)
    const server = createServer().once('error', () => fail(alreadyRuns(data, supervisorOf(data)?.pid)))
    server.listen(`\0trade2026-${name}`, () => done(server.unref()))
  })

const alreadyRuns = (data: string, pid: number | undefined) =>
  new Problem(
    `a stack already runs on ${data} (pid ${pid ?? 'unknown'}): stop it with \`trade2026 down\`, or set TRADE2026_DATA and other ports`,
  )

/** Stops exactly the recorded processes of a data folder that still live (same pid, same start). @returns whether there were any. */
export async function stopLeftovers(data: string, say: (line: string) => void, waitMs = 10_000): Promise<boolean> {
  let hadLeftovers = false
  const left = readRecords(data).filter(({ name }) => name !== SUPERVISOR)
  await Promise.all(
    left.map(async (record) => {
      const lives = () => identityOf(record.pid) === record.identity
      if (lives()) {
        hadLeftovers = true
        say(`stopping ${record.name} (pid ${record.pid}), left over from a run that was killed`)
        signal(record.pid, 'SIGTERM')
        signal(record.pid, 'SIGCONT')
        const deadline = performance.now() + waitMs
        while (lives() && performance.now() < deadline) await sleep(20)
        if (lives()) signal(record.pid, 'SIGKILL')
        while (lives()) await sleep(5)
        killGroup(record.pid)
      }
      removeRecord(data, record.name)
    }),
  )
  if (!supervisorOf(data)) removeRecord(data, SUPERVISOR)
  // A gateway ends its own replicas; one that was killed cannot.
  for (const folder of ['faas', ...onceFolders(data)]) endReplicas(join(data, folder))
  return hadLeftovers
}

const onceFolders = (data: string): string[] =>
  existsSync(join(data, 'once')) ? readdirSync(join(data, 'once')).map((run) => join('once', run, 'faas')) : []

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
