import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../../infra/stack/run.ts'
import { ROOT } from '../../../infra/stack/settings.ts'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { type DeadLetter, toDeadLetter } from '../../../shared/contract/dead-letter.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { FencedGateway } from '../../support/fenced-gateway.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger } from '../../support/trigger-process.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const MAIN = join(ROOT, 'infra/cli/main.ts')
const DLQ = STREAMS.DLQ.name
const spec = { name: 'T', subjects: ['t.>'], slots: 4, maxAgeMs: 0, maxBytes: 256 * 1024 * 1024, duplicateWindowMs: 120_000 }

let servers: TestServers
let data: string
let nats: Nats
let publisher: Publisher
let manager: JetStreamManager
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'trade2026-dlq-'))
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  publisher = natsPublisher(nats)
  manager = await jetstreamManager(await nats.connection)
})
afterAll(async () => {
  await nats.close()
  await servers.stop()
  await rm(data, { recursive: true })
})
beforeEach(async () => applyStreams(await nats.connection, [spec, STREAMS.DLQ]))
afterEach(async () => {
  for (const name of [spec.name, DLQ]) await manager.streams.delete(name)
})

const environment = () => ({ NATS_URL: servers.urls.NATS_URL, TRADE2026_DATA: data })
const dlq = (...args: string[]) => run(process.execPath, [MAIN, 'dlq', ...args], { env: environment() })
const kept = async (stream: string) => (await manager.streams.info(stream)).state.messages

let version = 2 ** 40
const letter = (body: string | Uint8Array, more: Partial<DeadLetter> = {}) => {
  version++
  return toDeadLetter({
    functionName: 'f',
    stream: spec.name,
    version,
    sequence: version - 2 ** 40,
    subject: 't.a',
    code: 'FAILED',
    error: '422: no',
    attempts: 5,
    timeMs: 1_700_000_000_000,
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    ...more,
  })
}
const headersOf = ({ headers: own, msgId }: ReturnType<typeof letter>) => {
  const made = headers()
  for (const [name, value] of Object.entries({ ...own, 'Nats-Msg-Id': msgId })) made.set(name, value)
  return made
}
const block = (...lines: string[]) => ['NATS/1.0', ...lines, '', ''].join('\r\n')

async function messagesOf(stream: string): Promise<StoredMsg[]> {
  const found: StoredMsg[] = []
  const { state } = await manager.streams.info(stream)
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; ) {
    const page = await manager.direct.getBatch(stream, { seq, batch: 1000 })
    for await (const message of page) {
      found.push(message)
      seq = message.seq + 1
    }
    if (found.length >= state.messages) break
  }
  return found
}

describe('looking through dead letters', () => {
  beforeEach(async () => {
    await publisher.publishAll([
      letter('one', { code: 'BAD_MESSAGE', error: 'not JSON' }),
      letter('two', { functionName: 'g', subject: 't.b.c', headers: block('color: red', 'Dlq-Redriven: 2') }),
      letter(new Uint8Array([0, 1, 255]), { subject: 't.b.d' }),
    ])
  })

  test('list shows those that the filter takes, and how many there are of each function', async () => {
    const { stdout, code } = await dlq('list', '--subject', 't.b.>', '--limit', '1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/│ +2 │ g +│ FAILED │ t\.b\.c +│ 20\S+Z │ +5 │ +2 │ +3 │ 422: no │/)
    expect(stdout).not.toContain('t.b.d')
    expect(stdout).toContain('these are the oldest 1: --limit shows more\nin all: 2 of f, 1 of g\n')
    expect((await dlq('list', '--since', '1h', '--until', '30m')).stdout).toBe('in all: 2 of f, 1 of g\n')
  })

  test('list --json is one object a line', async () => {
    const { stdout } = await dlq('list', '--json', '--function', 'f', '--since', '1h')
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { sequence: 1, functionName: 'f', code: 'BAD_MESSAGE', error: 'not JSON', messageAt: '2023-11-14T22:13:20.000Z', sizeBytes: 3 },
      { sequence: 3, subject: 't.b.d', redriven: 0, attempts: 5, headers: [] },
    ])
  })

  test('show tells all of one; its bytes come as they are', async () => {
    const { stdout } = await dlq('show', '2')
    expect(stdout).toMatch(/^dead letter 2 of g, written 20/)
    expect(stdout).toMatch(/^ {2}headers {3}color: red$/m)
    expect(stdout).toMatch(/\ntwo\n$/)
    expect(JSON.parse((await dlq('show', '3', '--json')).stdout)).toMatchObject({ sequence: 3, bodyBase64: 'AAH/' })
    expect((await dlq('show', '1', '--body')).stdout).toBe('one')
    expect(await dlq('show', '77')).toMatchObject({ code: 1, stderr: 'trade2026: there is no dead letter 77\n' })
  })

  test('purge deletes what it is told, and asks before', async () => {
    expect((await dlq('purge')).stderr).toBe('trade2026: dlq purge: say which: numbers, a filter, or --all\n')
    expect((await dlq('purge', '--all')).stderr).toContain('give --yes')
    expect(await kept(DLQ)).toBe(3)
    expect((await dlq('purge', '--yes', '--code', 'FAILED', '--limit', '1')).stdout).toBe('deleted 1 dead letters\n')
    expect((await messagesOf(DLQ)).map(({ seq }) => seq)).toEqual([1, 3])
    expect(JSON.parse((await dlq('purge', '--yes', '--json', '3')).stdout)).toEqual({ purged: 1 })
    await publisher.publishAll([letter('four', { functionName: 'g' })])
    expect((await dlq('purge', '--yes', '--function', 'g')).stdout).toBe('deleted 1 dead letters\n')
    expect((await messagesOf(DLQ)).map(({ seq }) => seq)).toEqual([1])
    expect((await dlq('purge', '--yes', '--all')).stdout).toBe('deleted 1 dead letters\n')
    expect((await dlq('list')).stdout).toBe('there are no dead letters\n')
  })
})

test('a redriven message has its subject, bytes and headers, and how often it was redriven; its letter is gone, others stay', async () => {
  const bytes = new Uint8Array([0, 10, 13, 255])
  const own = block('tag: a', 'Nats-Msg-Id: first', 'Nats-Expected-Last-Sequence: 900', 'tag: b', 'Dlq-Redriven: 1')
  await publisher.publishAll([letter('stays', { functionName: 'g' }), letter(bytes, { subject: 't.x.y', headers: own })])

  expect(await dlq('redrive', '--function', 'f')).toEqual({ code: 0, stdout: 'redriven 1\n', stderr: '' })

  const [message, ...others] = await messagesOf(spec.name)
  expect(others).toEqual([])
  expect([message!.subject, new Uint8Array(message!.data)]).toEqual(['t.x.y', bytes])
  expect([message!.header.values('tag'), message!.header.get('Dlq-Redriven'), message!.header.get('Dlq-Function')]).toEqual([
    ['a', 'b'],
    '2',
    'f',
  ])
  expect(message!.header.has('Nats-Expected-Last-Sequence')).toBe(false)
  expect((await messagesOf(DLQ)).map((one) => one.string())).toEqual(['stays'])
})

test('some by number, some by filter, the rest by --all: always in the order in which they were refused', async () => {
  await publisher.publishAll(Array.from({ length: 1000 }, (_, i) => letter(`${i}`, { code: i % 3 ? 'FAILED' : 'BAD_MESSAGE' })))
  const texts = async () => (await messagesOf(spec.name)).map((one) => Number(one.string()))
  const all = Array.from({ length: 1000 }, (_, i) => i)

  await dlq('redrive', '11', '3', '5')
  expect(await texts()).toEqual([2, 4, 10])
  await dlq('redrive', '--code', 'BAD_MESSAGE', '--limit', '250')
  const thirds = all.filter((i) => i % 3 === 0).slice(0, 250)
  expect((await texts()).slice(3)).toEqual(thirds)
  expect(JSON.parse((await dlq('redrive', '--all', '--json')).stdout)).toEqual({ redriven: 747, known: 0, kept: [] })
  const before = new Set([2, 4, 10, ...thirds])
  expect((await texts()).slice(253)).toEqual(all.filter((i) => !before.has(i)))
  expect(await kept(DLQ)).toBe(0)
})

test('a letter whose message nobody takes stays and says so, the others go', async () => {
  await publisher.publishAll([letter('a'), letter('b', { subject: 'nowhere.b' }), letter('c')])
  await publisher.publishAll([{ subject: 'dlq.f', payload: 'not one of ours' }])
  const { code, stdout } = await dlq('redrive', '--all')
  expect(code).toBe(1)
  expect(stdout).toBe('redriven 2\n1 stay (2): no stream takes nowhere.b\n1 stay (4): it does not say which subject its message had\n')
  expect((await messagesOf(DLQ)).map(({ seq }) => seq)).toEqual([2, 4])
})

test('what is refused again at once is a new letter, and waits for the next redrive', async () => {
  const connection = await nats.connection
  const refusing = connection.subscribe('t.>', {
    callback: (_, message) => {
      const lines = [...message.headers!].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`))
      connection.publish('dlq.f', message.data, { headers: headersOf(letter(message.data, { headers: block(...lines) })) })
    },
  })
  await publisher.publishAll(Array.from({ length: 300 }, (_, i) => letter(`${i}`)))
  for (const times of [1, 2]) {
    expect((await dlq('redrive', '--all')).stdout).toBe('redriven 300\n')
    await vi.waitFor(async () => expect(await kept(DLQ)).toBe(300), WAIT)
    const first = JSON.parse((await dlq('list', '--json', '--limit', '1')).stdout)
    expect(first.redriven).toBe(times)
  }
  refusing.unsubscribe()
})

describe.each([
  ['within', 120_000],
  ['beyond', 100],
])('killed in between, %s the duplicate window', (_, duplicateWindowMs) => {
  test('nothing is lost; what comes twice has one id', async () => {
    await manager.streams.update(spec.name, { duplicate_window: duplicateWindowMs * 1e6 })
    const bodies = Array.from({ length: 4000 }, (_, i) => `${i}`)
    await publisher.publishAll(bodies.map((body) => letter(body)))
    for (let kills = 0; kills < 4; kills++) {
      const aim = (await kept(spec.name)) + 300 * (kills + 1)
      const child = spawn(process.execPath, [MAIN, 'dlq', 'redrive', '--all'], {
        env: { ...process.env, ...environment() },
        stdio: 'ignore',
      })
      const exited = once(child, 'exit')
      while (child.exitCode === null && (await kept(spec.name)) < aim) await new Promise((resolve) => setImmediate(resolve))
      child.kill('SIGKILL')
      await exited
    }
    expect((await dlq('redrive', '--all')).code).toBe(0)

    expect(await kept(DLQ)).toBe(0)
    const messages = await messagesOf(spec.name)
    const byId = new Map(messages.map((one) => [one.header.get('Nats-Msg-Id'), one.string()]))
    expect([...byId.values()].sort()).toEqual([...bodies].sort())
    if (duplicateWindowMs > 10_000) expect(messages.map((one) => one.string())).toEqual(bodies)
  })
})

test('a server that dies in the middle is said in one line; afterwards all goes on', async () => {
  const bodies = Array.from({ length: 6000 }, (_, i) => `${i}`)
  await publisher.publishAll(bodies.map((body) => letter(body)))
  const redriving = dlq('redrive', '--all')
  await vi.waitFor(async () => expect(await kept(spec.name)).toBeGreaterThan(300), { timeout: 30_000, interval: 1 })
  servers.processes.nats.kill('SIGKILL')
  const { code, stderr } = await redriving
  expect(code).toBe(1)
  expect(stderr).toMatch(/^trade2026: NATS .*\n$/)
  await nats.there()
  await vi.waitFor(async () => expect((await dlq('redrive', '--all')).code).toBe(0), WAIT)
  const found = new Set((await messagesOf(spec.name)).map((one) => one.string()))
  expect(found.size).toBe(bodies.length)
  expect(await kept(DLQ)).toBe(0)
}, 150_000)

test('a server that is away, and one without our streams: one line each', async () => {
  await manager.streams.delete(DLQ)
  expect((await dlq('list')).stderr).toBe('trade2026: there is no stream DLQ\n')
  const away = await run(process.execPath, [MAIN, 'dlq', 'list'], { env: { ...environment(), NATS_URL: 'nats://joe:hemlig@127.0.0.1:1' } })
  expect(away.stderr).toMatch(/^trade2026: NATS at nats:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/)
  await applyStreams(await nats.connection, [STREAMS.DLQ])
})

test('a positioned function gets what it had refused as a new message of its stream, behind all that came since', async () => {
  const gateway = new FencedGateway(spec.slots)
  gateway.annotations = { 'trigger.stream': spec.name, 'trigger.delivery': 'positioned' }
  let refuses = true
  gateway.answer = (batch) => {
    const isPoisoned = refuses && Buffer.from(batch.body).includes('poison')
    return isPoisoned ? { status: 422, body: 'no poison' } : undefined
  }
  const trigger = await startTrigger('trigger-dlq', { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: await gateway.listen() })
  await publisher.publishAll(['1', 'poison', '2'].map((payload) => ({ subject: 't.x.a', payload, headers: { color: 'red' } })))
  await vi.waitFor(() => expect(gateway.texts).toEqual(['1', '2']), WAIT)

  refuses = false
  expect((await dlq('redrive', '--function', 'f')).stdout).toBe('redriven 1\n')

  await vi.waitFor(() => expect(gateway.texts).toEqual(['1', '2', 'poison']), WAIT)
  expect(gateway.applied.map(({ version }) => version % 2 ** 40)).toEqual([1, 3, 4])
  const headers = Object.values(gateway.heads.findLast(({ count }) => count > 0)!.headers!)
  expect(headers[0]).toMatch(/color: red\r\nDlq-Redriven: 1\r\nDlq-Function: f\r\n/)
  await trigger.stop()
  gateway.close()
})
