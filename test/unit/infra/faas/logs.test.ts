import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mergeByTime } from '../../../../infra/faas/logs/merge.ts'
import { cutLines, type LogLine, LogPart } from '../../../../infra/faas/logs/part.ts'
import { readLog } from '../../../../infra/faas/logs/read.ts'
import { LogTail } from '../../../../infra/faas/logs/tail.ts'
import { clockOf, offsetSince } from '../../../../infra/faas/logs/times.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trade2026-logs-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const logNamed = (name: string) => ({ instance: name, file: join(folder, `${name}.log`), older: join(folder, `${name}.log.1`) })
/** Any lines, most short, some empty, some with more bytes than characters. */
const anyLines = fc.array(
  fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 20 })).map((text) => text.replaceAll('\n', ' ')),
)

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

test('replicas are joined by time; lines of one time stay in the order of their replica', async () => {
  const source = fc.array(fc.integer({ min: 0, max: 30 })).map((times) => times.toSorted((a, b) => a - b))
  await fc.assert(
    fc.asyncProperty(fc.array(source, { maxLength: 4 }), fc.integer({ min: 1, max: 5 }), async (sources, batch) => {
      const lines = sources.map((times, s) => times.map((ms, i): LogLine => ({ instance: `${s}`, ms, text: `${i}` })))
      async function* batched(of: LogLine[]) {
        for (let at = 0; at < of.length; at += batch) yield of.slice(at, at + batch)
      }
      const merged = await all(mergeByTime(lines.map(batched)))
      const expected = lines.flat().toSorted((a, b) => a.ms - b.ms || Number(a.instance) - Number(b.instance))
      expect(merged).toEqual(expected)
    }),
  )
})

test('lines are the same wherever the bytes are cut', () => {
  fc.assert(
    fc.property(anyLines, fc.array(fc.nat(300)), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
      const told: string[] = []
      let rest: Buffer = Buffer.alloc(0)
      const borders = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
      for (let i = 1; i < borders.length; i++) {
        const cut = cutLines(Buffer.concat([rest, bytes.subarray(borders[i - 1], borders[i])]))
        told.push(...cut.lines.map(({ text }) => text))
        rest = cut.rest
      }
      expect(told).toEqual(texts)
      expect(rest.length).toBe(0)
    }),
  )
})

test('a line without an end is told in pieces', () => {
  const { lines, rest } = cutLines(Buffer.from('x'.repeat(150_000)))
  expect(lines.map(({ text }) => text.length)).toEqual([65_536, 65_536])
  expect(rest.length).toBe(150_000 - 131_072)
})

test('the last lines begin where as many lines end, in files of any size', async () => {
  const { file, instance } = logNamed('last')
  const anyText = fc.tuple(fc.constantFrom('', `${'y'.repeat(70_000)}\n`), anyLines, fc.constantFrom('', '\n'))
  await fc.assert(
    fc.asyncProperty(anyText, fc.integer({ min: 1, max: 12 }), async ([before, lines, after], count) => {
      const text = before + lines.join('\n') + after
      writeFileSync(file, text)
      const part = await LogPart.open(file, instance)
      const { offset, found } = await part!.offsetOfLast(count)
      await part!.close()
      const there = text.split('\n')
      if (there.at(-1) === '') there.pop()
      expect(found).toBe(Math.min(count, there.length))
      expect(text.slice(Buffer.from(text).toString('utf8', 0, offset).length)).toBe(
        text
          .split('\n')
          .slice(there.length - found)
          .join('\n'),
      )
    }),
  )
})

test('what was cut off goes before the rest, a line that the cut divided is whole, and the last lines reach back over the cut', async () => {
  const log = { folder, service: 'divided' }
  writeFileSync(join(folder, 'divided.0.log.1'), 'one\ntwo\nthr')
  writeFileSync(join(folder, 'divided.0.log'), 'ee\nfour\nfi')
  const texts = async (last?: number) => (await all(readLog({ ...log, last }))).map(({ text }) => text)
  expect(await texts()).toEqual(['one', 'two', 'three', 'four', 'fi'])
  expect(await texts(1)).toEqual(['fi'])
  expect(await texts(2)).toEqual(['four', 'fi'])
  expect((await texts(4)).slice(-2)).toEqual(['four', 'fi'])
  expect((await texts(100)).length).toBe(5)
})

test('a tail tells whole lines as they come, and begins anew when the log is cut', async () => {
  const log = logNamed('tailed')
  writeFileSync(log.file, 'old\nhal')
  const tail = new LogTail(log, 7, Buffer.from('hal'))
  const next = async () => (await tail.next()).map(({ text }) => text)
  expect(await next()).toEqual([])
  appendFileSync(log.file, 'f\nnew\n\u2713')
  expect(await next()).toEqual(['half', 'new'])
  truncateSync(log.file)
  appendFileSync(log.file, 'anew\n')
  expect(await next()).toEqual(['anew'])
})

const MARKS = [
  { sizeBytes: 10, ms: 1000 },
  { sizeBytes: 30, ms: 2000 },
]

test.each([
  [1, 1000],
  [10, 1000],
  [11, 2000],
  [30, 2000],
  [31, 2500],
])('bytes up to %i were written at %i', (offset, ms) => {
  expect(clockOf(MARKS, 2500)(offset)).toBe(ms)
})

test.each([
  [0, 0],
  [1000, 0],
  [1001, 10],
  [2000, 10],
  [2001, 30],
])('since %i begins at byte %i', (ms, offset) => {
  expect(offsetSince(MARKS, ms)).toBe(offset)
  expect(offsetSince([], ms)).toBe(0)
})
