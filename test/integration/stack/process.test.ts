import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { identityOf } from '../../../infra/stack/identity.ts'
import { StackProcess } from '../../../infra/stack/process.ts'
import type { ProcessSpec } from '../../../infra/stack/process-spec.ts'
import { readRecords } from '../../../infra/stack/record.ts'

let data: string
let started: StackProcess[]
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'trade2026-process-'))
  started = []
})
afterEach(async () => {
  await Promise.all(started.map((process) => process.stop()))
  await rm(data, { recursive: true })
})

/** A process that runs a line of JavaScript; healthy once it has printed `ready`. */
const script = (code: string, spec: Partial<ProcessSpec> = {}) => {
  const lines: string[] = []
  const healthy = async () => (await readFile(join(data, 'logs/script.log'), 'utf8')).includes('ready')
  const whole = { name: 'script', command: process.execPath, args: ['-e', code], healthy, startMs: 20_000, stopMs: 5000, ...spec }
  const it = new StackProcess(whole, data, (line) => lines.push(line))
  started.push(it)
  return { it, lines }
}

const LIVES = 'console.log("ready"); setInterval(() => {}, 1000)'

test('a process that is killed comes back at once, and it is said', async () => {
  const { it, lines } = script(LIVES)
  await it.start()
  const before = it.pid

  it.kill('SIGKILL')
  await vi.waitFor(() => expect(lines).toContain('script died (SIGKILL): starting it again'))
  await vi.waitFor(() => expect(it.state).toBe('running'))

  expect(it.pid).not.toBe(before)
  expect(it.restarts).toBe(1)
  expect(readRecords(data)).toMatchObject([{ name: 'script', pid: it.pid, restarts: 1 }])
})

test('a process that ends before it answers is a problem with its own last words', async () => {
  const { it } = script('console.error("no such setting"); process.exit(3)')

  await expect(it.start()).rejects.toThrow(/^script did not start: no such setting \(whole log: .*script\.log\)$/)
  expect(it.pid).toBeUndefined()
})

test('a process that does not heed SIGTERM is killed after its time', async () => {
  const { it } = script(`process.on("SIGTERM", () => {}); ${LIVES}`, { stopMs: 100 })
  await it.start()
  const pid = it.pid!

  await it.stop()

  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(readRecords(data)).toEqual([])
})

test('a frozen process can be stopped', async () => {
  const { it } = script(LIVES)
  await it.start()
  it.kill('SIGSTOP')

  await it.stop()

  expect(it.state).toBe('stopped')
})

test('what a process leaves in its group ends with it', async () => {
  const child = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid`
  const { it } = script(`console.log("child", ${child}); ${LIVES}`)
  await it.start()
  const left = Number(/child (\d+)/.exec(await readFile(it.logFile, 'utf8'))?.[1])

  await it.stop()

  await vi.waitFor(() => expect(identityOf(left)).toBeUndefined())
})

test('after a final exit code it is not started again', async () => {
  const { it, lines } = script('console.log("ready"); setTimeout(() => {}, 200)', { finalCodes: [0, 2] })
  await it.start()

  await vi.waitFor(() => expect(it.state).toBe('finished'))

  expect(lines).toEqual(['script has finished'])
  expect(it.restarts).toBe(0)
})
