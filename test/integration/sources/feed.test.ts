import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../../shared/adapters/nats/control.ts'
import { simulate } from '../../../triggers/sources/simulator.ts'
import { storedAfter } from '../../../triggers/sources/unstored.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

const FEED = join(import.meta.dirname, '../../../dist/sources/feed.js')
let servers: TestServers
let nats: Nats

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  await applyStreams(await nats.connection)
})
afterAll(async () => {
  await nats?.close()
  await servers?.stop()
})

const start = (...args: string[]) => spawn(process.execPath, [FEED, ...args], { env: { ...process.env, ...servers.urls } })

/** Each line of JSON the feed prints, until it ends. */
async function* said(feed: ChildProcess): AsyncGenerator<Record<string, unknown>> {
  for await (const line of createInterface(feed.stdout!)) yield JSON.parse(line)
}

async function ended(feed: ChildProcess) {
  const lines: Record<string, unknown>[] = []
  const exit = once(feed, 'exit')
  for await (const line of said(feed)) lines.push(line)
  return { code: (await exit)[0], last: lines.at(-1)! }
}

const manager = async () => jetstreamManager(await nats.connection)
const countOf = async (subject: string) => {
  const { state } = await (await manager()).streams.info('MARKET_TICKS', { subjects_filter: subject })
  return state.subjects?.[subject] ?? 0
}

test('a replay publishes the file, several ticks a message if asked, and says how many', async () => {
  const file = join(servers.folder, 'nyse-spy.trades.csv')
  const rows = Array.from({ length: 1_000 }, (_, i) => `${1_381_132_800_000 + i}000000,${i},167.41,100,buy`)
  await writeFile(file, `ts_ns,trade_id,price,size,side\n${rows.join('\n')}\n`)

  expect(await ended(start('--replay', file))).toMatchObject({ code: 0, last: { done: true, ticks: 1_000, messages: 1_000, next: 1_000 } })
  expect(await countOf('ticks.nyse.SPY')).toBe(1_000)
  expect(await ended(start('--replay', file, '--from', '900', '--burst', '30'))).toMatchObject({
    code: 0,
    last: { ticks: 100, messages: 4 },
  })
})

test('a run that is killed again and again goes on where it was: every tick is in the stream once, those without an id too', async () => {
  const files = ['AAA', 'BBB'].map((symbol) => join(servers.folder, `x-${symbol}.csv`))
  // Neighbours are equal to the letter.
  const row = (i: number) => `${1_381_132_800_000 + Math.floor(i / 4)}000000,,${100 + (i % 2)},1,`
  for (const file of files)
    await writeFile(file, `ts_ns,trade_id,price,size,side\n${Array.from({ length: 150_000 }, (_, i) => row(i)).join('\n')}\n`)
  const run = () => start('--replay', ...files, '--run', 'killed', '--burst', '5')
  const storedMessages = async () => (await countOf('ticks.x.AAA')) + (await countOf('ticks.x.BBB'))

  for (const least of [1, 20_000]) {
    const feed = run()
    const exit = once(feed, 'exit')
    await expect.poll(storedMessages, { timeout: 30_000, interval: 5 }).toBeGreaterThan(least)
    feed.kill('SIGKILL')
    await exit
  }
  const { code, last } = await ended(run())

  expect([code, last.ticks, last.next]).toEqual([0, 300_000, 300_000])
  for (const symbol of ['AAA', 'BBB']) {
    const lines = (await storedAfter(await nats.connection, 'MARKET_TICKS', 0, [`ticks.x.${symbol}`])).get(`ticks.x.${symbol}`)!
    expect(lines.length).toBe(150_000)
    expect(lines.every((line, i) => line.startsWith(`{"timestamp":${1_381_132_800_000 + Math.floor(i / 4)},`))).toBe(true)
  }
  expect(await natsControl(nats).keys(['feed.*'])).toEqual([])
}, 180_000)

test('a simulation says its span, and the stream holds just what the same simulation makes again', async () => {
  const { code, last } = await ended(start('--simulate', '--seed', '5', '--symbols', 'ONE', '--minutes', '3'))

  const again = [...simulate({ seed: 5, symbols: ['ONE'], fromMs: Number(last.fromMs), toMs: Number(last.toMs) })].flat()
  expect([code, last.ticks]).toEqual([0, again.length])
  expect(await countOf('ticks.sim.ONE')).toBe(again.length)
})

test('a simulation goes on in real time until SIGTERM, and a second one goes on where it ended', async () => {
  const args = ['--simulate', '--symbols', 'TWO', '--burst', '50']
  const feed = start(...args)
  const exit = once(feed, 'exit')
  let last: Record<string, unknown> = {}
  for await (const line of said(feed)) {
    last = line
    // The past is played: the newest tick is of now.
    if (Date.now() - Number(line.eventMs) < 60_000) feed.kill('SIGTERM')
  }
  expect((await exit)[0]).toBe(0)
  expect(last).toMatchObject({ done: true })

  const second = start(...args)
  for await (const line of said(second)) {
    last = line
    second.kill('SIGTERM')
  }
  expect(Number(last.fromMs)).toBeGreaterThan(Date.now() - 600_000)
})

test('a wrong command line, a missing file: one line and an exit code', async () => {
  expect((await once(start('--replay'), 'exit'))[0]).toBe(2)
  expect((await once(start('--replay', '/nowhere/a-b.csv'), 'exit'))[0]).toBe(1)
})
