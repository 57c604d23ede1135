import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../../../infra/stack/run.ts'
import { ROOT } from '../../../../infra/stack/settings.ts'
import { applyStreams } from '../../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../../../shared/adapters/nats/control.ts'
import { idempotencyKey } from '../../../../shared/contract/scheduled.ts'
import { STREAMS } from '../../../../shared/contract/streams.ts'
import { recordKey, type ScheduleRecord } from '../../../../triggers/cron/record.ts'
import { Recorder } from '../../../support/recorder.ts'
import { startServers, type TestServers } from '../../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../../support/trigger-process.ts'
import { TestHost } from '../../faas/host.ts'

vi.setConfig({ testTimeout: 180_000 })
const WAIT = { timeout: 90_000, interval: 50 }
const EACH_SECOND = { 'trigger.schedule': '* * * * * *', 'trigger.missed': 'all', 'trigger.overlap': 'wait' }

let servers: TestServers
let host: TestHost
let nats: Nats
let recorder: Recorder
let name: string
const started: TriggerProcess[] = []
let functions = 0

beforeAll(async () => {
  servers = await startServers({ nats: true })
  host = await TestHost.start({ basic_auth: 'false' })
  nats = connectNats(servers.urls, 'test')
  await nats.there()
  await applyStreams(await nats.connection, [STREAMS.DLQ])
})
afterAll(async () => {
  await nats?.close()
  await host?.remove()
  await servers?.stop()
})
beforeEach(() => {
  name = `f${++functions}`
  recorder = new Recorder(host, name)
})
afterEach(async () => {
  recorder.release()
  for (const one of started.splice(0)) await one.kill()
  await recorder.remove()
  await (await jetstreamManager(await nats.connection)).streams.purge('KV_trade2026')
})

/** @param aheadMs - how far its machine's clock is ahead. */
async function start(id: string, aheadMs = 0): Promise<TriggerProcess> {
  const ahead = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${aheadMs}`
  const clock = aheadMs === 0 ? {} : { NODE_OPTIONS: `--import="${encodeURI(ahead)}"` }
  const one = await startTrigger(id, { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: host.url, ...clock })
  started.push(one)
  return one
}

/** Runs a command on dead letters. @returns the lines it prints. */
async function dlq(...args: string[]): Promise<string[]> {
  const main = join(ROOT, 'infra/cli/main.ts')
  const { stdout, stderr, code } = await run(process.execPath, [main, 'dlq', ...args, '--json'], {
    env: { NATS_URL: servers.urls.NATS_URL },
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '')
}

const record = async () => (await natsControl(nats).get<ScheduleRecord>(recordKey(name)))?.value
const calls = (least: number) => vi.waitFor(() => expect(recorder.begun().length).toBeGreaterThanOrEqual(least), WAIT)
const seconds = () => recorder.begun().map(({ headers }) => Date.parse(headers['x-scheduled-time']!) / 1000)
const inARow = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

/** Every second from the first instant to the last, in order; those given may come more than once. */
function expectEverySecond(repeated: readonly number[] = []): void {
  const all = seconds()
  const once = all.filter((second, i) => !repeated.includes(second) || all.indexOf(second) === i)
  expect(once).toEqual(inARow(all[0]!, once.length))
}

test('two processes call each instant once, with its time and its key, and with an empty body', async () => {
  await recorder.deploy({ ...EACH_SECOND, 'trigger.path': '/each-second' })
  await Promise.all([start('one'), start('two')])
  await calls(4)
  expectEverySecond()
  for (const { url, key, headers, body, ms } of recorder.begun()) {
    const at = Date.parse(headers['x-scheduled-time']!)
    expect({ url, key, body }).toEqual({ url: '/each-second', key: idempotencyKey(name, at), body: '' })
    expect(headers).toMatchObject({ 'x-attempt': '1', 'x-topic': 'cron-function', traceparent: expect.any(String) })
    expect(ms).toBeGreaterThanOrEqual(at)
  }
})

test('two processes whose clocks are hours apart call each instant once, by the clock of the broker, and say so', async () => {
  await recorder.deploy(EACH_SECOND)
  const processes = await Promise.all([start('one', -2 * 3_600_000), start('two', 2 * 3_600_000)])
  await calls(4)
  expectEverySecond()
  for (const { headers, ms } of recorder.begun()) expect(ms).toBeGreaterThanOrEqual(Date.parse(headers['x-scheduled-time']!))
  for (const { lines } of processes) {
    const off = lines.filter(({ msg }) => msg === "this machine's clock is not the broker's: schedules go by the broker's")
    expect(off.map(({ seconds }) => Math.round(Math.abs(Number(seconds)) / 60))).toEqual([120])
  }
})

test('a call whose process is killed is repeated by the other, with the same key; what comes meanwhile waits', async () => {
  await recorder.deploy(EACH_SECOND)
  const processes = await Promise.all([start('one'), start('two')])
  await calls(2)
  recorder.hold()
  const { holder, at } = await vi.waitFor(async () => {
    const { open, waiting } = (await record())!
    expect(waiting.length).toBeGreaterThan(0)
    // Written down as called is not yet there: the call itself must have come.
    const whats = recorder.all().filter(({ key }) => key === idempotencyKey(name, open[0]!.at))
    expect(whats.map(({ what }) => what)).toEqual(['begun'])
    return open[0]!
  }, WAIT)
  const before = recorder.begun().length
  await processes[holder === 'one' ? 0 : 1]!.kill()
  await vi.waitFor(() => expect(recorder.begun().length).toBeGreaterThan(before), WAIT)
  const again = recorder.begun().at(-1)!
  expect(again).toMatchObject({ key: idempotencyKey(name, at), headers: { 'x-attempt': '2' } })
  recorder.release()
  await calls(before + 4)
  expectEverySecond([at / 1000])
})

test('all processes killed: what was under way is repeated, and all that was missed is called when one comes back', async () => {
  await recorder.deploy(EACH_SECOND)
  const processes = await Promise.all([start('one'), start('two')])
  await calls(2)
  recorder.hold()
  await vi.waitFor(async () => expect((await record())?.open[0]).toMatchObject({ state: 'called' }), WAIT)
  const { at } = (await record())!.open[0]!
  await Promise.all(processes.map((one) => one.kill()))
  recorder.release()
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(at + 3000), WAIT)
  const before = recorder.begun().length
  await start('one')
  await calls(before + 5)
  expectEverySecond([at / 1000])
  expect(seconds()).toEqual(expect.arrayContaining(inARow(at / 1000, 4)))
})

test('of what was missed, one call makes up where one is enough', async () => {
  await recorder.deploy({ ...EACH_SECOND, 'trigger.missed': 'once' })
  const first = await start('one')
  await calls(2)
  await first.stop()
  const { until } = (await record())!
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(until + 3000), WAIT)
  const again = await start('one')
  await vi.waitFor(() => expect(seconds().at(-1)! * 1000).toBeGreaterThan(until + 3000), WAIT)
  const missed = again.lines.filter(({ msg }) => msg === 'instants were missed and are let go')
  expect(missed[0]).toMatchObject({ function: name, kind: 'missed' })
  expect(missed[0]!.count).toBeGreaterThanOrEqual(2)
  expect(await again.metrics()).toMatch(new RegExp(`trigger_schedule_instants_total\\{function="${name}",outcome="missed".*\\} \\d`))
})

test('the broker is killed and comes back: no instant is lost', async () => {
  await recorder.deploy(EACH_SECOND)
  await Promise.all([start('one'), start('two')])
  await calls(2)
  servers.processes.nats.kill('SIGKILL')
  await servers.processes.nats.untilHealthy()
  const before = recorder.begun().length
  await calls(before + 3)
  const all = seconds()
  expect([...new Set(all)].sort()).toEqual(inARow(all[0]!, new Set(all).size))
})

test('a function that is away or fails is called again for the same instant; one that refuses is not', async () => {
  await host.deploy(name, { annotations: { ...EACH_SECOND, 'trigger.path': '/crash', 'trigger.overlap': 'skip' } })
  const trigger = await start('one')
  const ended = async () => (await record())?.ended ?? []
  await vi.waitFor(() => expect(trigger.lines.some(({ msg }) => msg === 'a scheduled call is to be repeated')).toBe(true), WAIT)
  await host.deploy(name, { annotations: { ...EACH_SECOND, 'trigger.path': '/refuse-early' } })
  await vi.waitFor(async () => expect((await ended()).at(-1)).toMatchObject({ kind: 'failed', calls: 1, cause: '413: too much' }), WAIT)
  const { at } = (await ended()).findLast(({ kind }) => kind === 'failed')!
  const instant = new Date(at).toISOString()
  const letters = async () => (await dlq('list', '--function', name)).map((line) => JSON.parse(line))
  expect(await letters()).toContainEqual(
    expect.objectContaining({ functionName: name, instant, code: 'FAILED', error: '413: too much', attempts: 1, redriven: 0 }),
  )
  // Put right, it is called for what it had refused, and no letter is left.
  await host.deploy(name, { annotations: { 'trigger.schedule': '*/2 * * * * *' } })
  await vi.waitFor(async () => expect((await ended()).at(-1)).toMatchObject({ kind: 'done' }), WAIT)
  await dlq('redrive', '--function', name)
  await vi.waitFor(async () => expect(await ended()).toContainEqual(expect.objectContaining({ kind: 'done', at })), WAIT)
  expect(await letters()).toEqual([])
})
