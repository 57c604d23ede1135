import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { samplesOf, sumOf } from '../../infra/cli/seen/exposition.ts'
import { ROOT } from '../../infra/stack/settings.ts'
import { TICKS_TABLE } from '../../shared/contract/lake.ts'
import { tickSubject } from '../../shared/contract/subjects.ts'
import type { Audit } from '../../shared/lake/audit/audit.ts'
import { TickPublisher } from '../../triggers/sources/tick-publisher.ts'
import { metricsOfPage } from '../support/metrics-page.ts'
import { type OwnStack, startOwnStack } from '../support/own-stack.ts'
import type { Teller } from '../support/registered-metrics.ts'
import { environmentOf, run } from './command-line.ts'

const LONG = { timeout: 60_000, interval: 200 }
const TICKS = 50

let stack: OwnStack
beforeAll(async () => {
  stack = await startOwnStack({ env: { LAKE_FLUSH_MS: '500' } })
  const connection = await connect({ servers: stack.urls.NATS_URL })
  const publisher = new TickPublisher(connection)
  const tick = { timestamp: Date.now(), exchange: 'test', symbol: 'BTC/USDT', price: 100, qty: 1 }
  const ticks = Array.from({ length: TICKS }, (_, trade_id) => JSON.stringify({ ...tick, trade_id }))
  // The last one can never be counted, and the call is one that the function refuses.
  for (const payload of [...ticks, 'nonsense']) await publisher.send(tickSubject('test', 'BTC/USDT'), payload)
  await publisher.settle()
  publisher.close()
  await connection.close()
  expect((await fetch(`${stack.urls.GATEWAY_URL}/bars/BTC%2FUSDT?interval=none`)).status).toBe(400)
})
afterAll(() => stack?.discard())

const textAt = async (url: string, headers: Record<string, string> = {}) => (await fetch(url, { headers })).text()
const pageAt = (port: number) => textAt(`http://127.0.0.1:${port}/metrics`)

/** The metrics pages of all processes, by who tells them. */
async function pages(): Promise<Record<Teller, string[]>> {
  const { ports } = stack.settings
  const authorization = `Basic ${Buffer.from(`${stack.user}:${stack.password}`).toString('base64')}`
  const replicas = JSON.parse(await textAt(`${stack.urls.GATEWAY_URL}/system/targets`, { authorization })) as { targets: [string] }[]
  return {
    gateway: [await pageAt(ports.gatewayMetrics)],
    trigger: [await pageAt(ports.trigger)],
    function: await Promise.all(replicas.map(({ targets: [target] }) => textAt(`http://${target}/metrics`))),
  }
}

test('what a running stack exposes is what docs/operations.md lists', async () => {
  const found = Object.entries(await pages()).flatMap(([of, texts]) => {
    const names = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${of} ${name} ${type}`))
    return names.filter((line) => !/ (process|nodejs)_/.test(line))
  })
  const listed = metricsOfPage(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8'))
  // stack.yml has no acked function.
  const expected = listed.filter(({ name }) => name !== 'function_failed_total')
  expect([...new Set(found)].sort()).toEqual(expected.map(({ of, name, type }) => `${of} ${name} ${type}`).sort())
})

test('a trigger tells of batches, bytes, durations, attempts and dead letters, and of nothing left to do', async () => {
  const ofFunction = async () => samplesOf((await pages()).trigger[0]!).filter(({ labels }) => labels.function === 'tick-to-bar')
  await expect.poll(async () => sumOf(await ofFunction(), 'trigger_messages_total'), LONG).toBe(TICKS + 1)
  const stands = async () => {
    const samples = await ofFunction()
    return ['lane_ready', 'lag_messages', 'oldest_age_seconds'].map((name) => sumOf(samples, `trigger_${name}`))
  }
  await expect.poll(stands, LONG).toEqual([1, 0, 0])
  const samples = await ofFunction()
  const one = (name: string) => sumOf(samples, `trigger_${name}`)
  expect(one('dead_letters_total')).toBe(1)
  expect(one('batch_messages_sum')).toBe(TICKS + 1)
  expect(one('batch_bytes_sum')).toBe(one('payload_bytes_total'))
  for (const histogram of ['batch_bytes', 'call_seconds', 'attempts']) {
    expect(one(`${histogram}_count`), histogram).toBe(one('batch_messages_count'))
  }
})

/** What a command prints that ends well. */
async function told(...args: string[]): Promise<string> {
  const command = run(process.execPath, [join(ROOT, 'infra/cli/trade2026.mjs'), ...args], { cwd: ROOT, env: environmentOf(stack.settings) })
  expect(await command.ended, command.output()).toBe(0)
  return command.output()
}

test('the lake is held against the stream message by message, over HTTP and from the command line', async () => {
  const url = `${stack.urls.GATEWAY_URL}/function/lake-upkeep`
  const audit = async () => (await (await fetch(`${url}/audit`)).json()) as Audit
  await expect.poll(async () => (await audit()).stream.committed, LONG).toBe(TICKS + 1)
  const whole = {
    stream: { lagMessages: 0, lost: 0 },
    counts: { from: 1, to: TICKS + 1, messages: TICKS + 1, rows: TICKS, refused: 1, missing: 0, double: 0 },
    faults: [],
    notKnown: [],
  }
  expect(await audit()).toMatchObject(whole)
  expect(JSON.parse(await told('lake', 'audit', '--json'))).toMatchObject(whole)
  expect(await told('lake', 'audit')).toContain('the table is whole')

  const run = await fetch(url, { method: 'POST', headers: { 'X-Scheduled-Time': new Date(0).toISOString() } })
  expect(run.status).toBe(200)
})

test('status shows functions, triggers and the lake, for people and for scripts', async () => {
  const { functions, triggers, schedules, lake } = JSON.parse(await told('status', '--json'))
  const text = await told('status')

  const names = (all: { name?: string; function?: string }[]) => all.map(({ name, function: of }) => name ?? of).sort()
  expect(names(functions)).toEqual([
    'alt-ingest',
    'bars',
    'flush-alt-docs',
    'flush-batch',
    'lake-query',
    'lake-upkeep',
    'persist-bars',
    'tick-to-bar',
  ])
  expect(names(triggers)).toEqual(['flush-alt-docs', 'flush-batch', 'persist-bars', 'tick-to-bar'])
  expect(names(schedules)).toEqual(['alt-ingest', 'lake-upkeep'])
  const named = (all: { name?: string; function?: string }[], name: string) => all.find((one) => (one.name ?? one.function) === name)
  expect(named(functions, 'tick-to-bar')).toMatchObject({ availableReplicas: 1, errors: 0 })
  expect(named(functions, 'bars')).toMatchObject({ invocationCount: 1, p50Seconds: expect.any(Number), p99Seconds: expect.any(Number) })
  expect(named(triggers, 'tick-to-bar')).toMatchObject({ kind: 'positioned', reads: 'MARKET_TICKS', ready: true, lag: 0, deadLetters: 1 })
  const perCall = ['messagesPerCall', 'bytesPerCall', 'secondsPerCall', 'attemptsPerCall']
  expect(named(triggers, 'tick-to-bar')).toMatchObject(Object.fromEntries(perCall.map((name) => [name, expect.any(Number)])))
  expect(lake).toEqual([expect.objectContaining({ table: TICKS_TABLE, lagMessages: 0, lost: 0, missing: 0, double: 0 })])
  expect(text).toMatch(/│ lake +│ +files │ +MB │/)
  expect(text).toMatch(/│ function +│ replicas │ +calls │ +errors │ +p50 │ +p99 │/)
  expect(text).toMatch(/│ trigger of +│ kind +│ reads +│ +lag │ +oldest │ +in flight │ +retries │ +dead letters │/)
  expect(text).toMatch(/│ calls for +│ +calls │ +messages a call │ +bytes a call │ +time a call │ +attempts │/)
})

test('the lake is asked at the gateway: the ticks are there, each once', async () => {
  const sql = encodeURIComponent("SELECT symbol, count(*), count(DISTINCT trade_id) FROM ticks WHERE exchange = 'test' GROUP BY symbol")
  const rows = async () => ((await (await fetch(`${stack.urls.GATEWAY_URL}/lake?sql=${sql}`)).json()) as { rows?: unknown }).rows
  await expect.poll(rows, LONG).toEqual([['BTC/USDT', String(TICKS), String(TICKS)]])
})
