import { once } from 'node:events'
import { appendFileSync, existsSync, statSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { timesFileOf } from '../../../infra/faas/logs/files.ts'
import { readMarks } from '../../../infra/faas/logs/times.ts'
import { AUTHORIZATION, TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
  await host.deploy('talker')
})
afterAll(() => host.remove())

type Line = { name: string; namespace: string; instance: string; timestamp: string; text: string }

const print = (service: string, text: string) => host.call(`/function/${service}/print`, { method: 'POST', body: text })
const read = async (query: string): Promise<Line[]> => {
  const answer = await host.system('GET', `logs?${query}`)
  expect([answer.status, answer.headers['content-type'], answer.headers['transfer-encoding']]).toEqual([
    200,
    'application/x-ndjson',
    'chunked',
  ])
  return answer.text === ''
    ? []
    : answer.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
}
const textsOf = (lines: Line[]) => lines.map(({ text }) => text)

const fileOf = (service: string) => join(host.folder, `data/logs/${service}.0.log`)
/** Waits until the host has noted when the last line was written. */
const untilNoted = (service: string) =>
  until('the time is noted', () => readMarks(timesFileOf(fileOf(service))).at(-1)?.sizeBytes === statSync(fileOf(service)).size)

/** Follows a log as faas-cli does; `lines` grows. */
async function follow(query: string) {
  const asked = request(`${host.url}/system/logs?${query}`, { headers: { authorization: AUTHORIZATION } }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const lines: Line[] = []
  let ended = false
  let rest = ''
  response
    .setEncoding('utf8')
    .on('data', (text: string) => {
      const whole = (rest + text).split('\n')
      rest = whole.pop()!
      lines.push(...whole.map((line) => JSON.parse(line)))
    })
    .once('close', () => {
      ended = true
    })
    .on('error', () => {})
  return { lines, ended: () => ended, leave: () => response.destroy() }
}

test('lines are told whole, in order, with who wrote them and when', async () => {
  // A file's time is that of the system's last tick.
  const before = Date.now() - 20
  await host.deploy('teller')
  await print('teller', 'first\nsecond "quoted" \u2713 \t\u001b[31mred\n\nlast\n')
  const lines = await read('follow=false&name=teller&tail=-1')
  expect(textsOf(lines)).toEqual(['first', 'second "quoted" \u2713 \t\u001b[31mred', '', 'last'])
  for (const { timestamp, ...line } of lines) {
    expect(line).toMatchObject({ name: 'teller', namespace: 'openfaas-fn', instance: 'teller-0' })
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now())
  }
})

test('the last lines, and those since a time, are all that is told when asked for', async () => {
  await host.deploy('counter')
  await print('counter', Array.from({ length: 6000 }, (_, i) => `early ${i}\n`).join(''))
  await untilNoted('counter')
  const early = await read('name=counter')
  const earlyMs = Date.parse(early.at(-1)!.timestamp)
  await until('the clock has moved on', () => Date.now() > earlyMs + 20)
  const since = new Date(earlyMs + 1).toISOString()
  await print('counter', 'late 1\nlate 2\nlate 3\n')

  expect(textsOf(await read('name=counter&tail=2'))).toEqual(['late 2', 'late 3'])
  expect(textsOf(await read('name=counter&tail=9&tail=1'))).toEqual(['late 3'])
  expect(textsOf(await read(`name=counter&since=${since}`))).toEqual(['late 1', 'late 2', 'late 3'])
  expect(textsOf(await read(`name=counter&since=${since}&tail=2`))).toEqual(['late 2', 'late 3'])
  expect(textsOf(await read(`name=counter&since=${encodeURIComponent('2100-01-01T00:00:00+02:00')}`))).toEqual([])
  expect(textsOf(await read('name=counter&tail=5000')).length).toBe(5000)
  expect(textsOf(await read('name=counter')).slice(-5)).toEqual([...textsOf(early).slice(-2), 'late 1', 'late 2', 'late 3'])
})

test('a followed log tells each new line at once, also those of new replicas, until the caller leaves', async () => {
  await host.deploy('followed', { labels: { 'com.openfaas.scale.max': '2' } })
  await print('followed', 'before\n')
  const all = await follow('follow=true&name=followed&tail=-1')
  const newest = await follow('follow=True&name=followed&tail=1')
  await until('what was there is told', () => all.lines.length === 1 && newest.lines.length === 1)
  await print('followed', 'half a ')
  await print('followed', 'line\n')
  for (const { lines } of [all, newest]) await until('the line is told', () => lines.length === 2)
  expect(textsOf(newest.lines)).toEqual(['before', 'half a line'])

  await host.system('POST', 'scale-function/followed', { serviceName: 'followed', replicas: 2 })
  await host.untilReady('followed')
  await until('both replicas have spoken', async () => {
    await print('followed', 'again\n')
    await Promise.all([print('followed', 'again\n'), print('followed', 'again\n')])
    return new Set(all.lines.map(({ instance }) => instance)).size === 2
  })
  expect(textsOf(await read('name=followed&instance=followed-1')).every((text) => text === 'again')).toBe(true)
  all.leave()
  await print('followed', 'goodbye\n')
  await until('the other is still told', () => textsOf(newest.lines).includes('goodbye'))
  newest.leave()
})

test('a followed log of a function that is removed ends', async () => {
  await host.deploy('leaver')
  const followed = await follow('follow=true&name=leaver')
  await host.system('DELETE', 'functions', { functionName: 'leaver' })
  await until('it has ended', followed.ended)
  expect((await host.system('GET', 'logs?name=leaver')).status).toBe(404)
})

test('a function that is deployed anew, or dies, or whose host is killed, loses no line', async () => {
  await host.deploy('mortal')
  await print('mortal', 'one\n')
  await host.deploy('mortal', { envVars: { FORM: '2' } })
  await print('mortal', 'two\n')
  await host.call('/function/mortal/crash', { method: 'POST' })
  await host.untilReady('mortal')
  await print('mortal', 'three\n')
  await untilNoted('mortal')
  const before = await read('name=mortal')
  await host.down('SIGKILL')
  appendFileSync(fileOf('mortal'), 'while the host was away\n')
  await host.up()
  await host.untilReady('mortal')
  await print('mortal', 'four\n')
  const after = await read('name=mortal')
  const died = expect.stringContaining('died: exit code 1')
  expect(textsOf(after)).toEqual(['one', 'two', died, 'three', 'while the host was away', 'four'])
  expect(after.slice(0, before.length)).toEqual(before)
  const times = after.map(({ timestamp }) => timestamp)
  expect(times).toEqual(times.toSorted())
})

test('a log is kept below its bound; what was cut off last is still told', async () => {
  await host.deploy('chatty')
  const file = fileOf('chatty')
  appendFileSync(file, `${'x'.repeat(99)}\n`.repeat(170_000))
  await print('chatty', 'the last before the cut\n')
  await until('it is cut', () => existsSync(`${file}.1`), 20_000)
  await print('chatty', 'the first after it\n')
  expect(textsOf(await read('name=chatty&tail=2'))).toEqual(['the last before the cut', 'the first after it'])
  expect((await read('name=chatty')).length).toBe(170_002)
})

test('two functions whose names begin alike have logs of their own', async () => {
  await host.deploy('a')
  await host.deploy('a-0')
  await print('a', 'of a\n')
  await print('a-0', 'of a-0\n')
  expect(textsOf(await read('name=a'))).toEqual(['of a'])
  expect(textsOf(await read('name=a-0'))).toEqual(['of a-0'])
})

test.each([
  ['', 422],
  ['name=', 422],
  ['name=talker&tail=many', 422],
  ['name=talker&tail=1.5', 422],
  ['name=talker&since=yesterday', 422],
  ['name=talker&since=2026-13-01T00:00:00Z', 422],
  ['name=absent', 404],
])('a log asked for as %j answers %i', async (query, status) => {
  expect((await host.system('GET', `logs?${query}`)).status).toBe(status)
  expect((await host.call(`/system/logs?${query}`)).status).toBe(401)
})
