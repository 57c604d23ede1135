import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { S3 } from '../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { commitPath } from '../../../shared/delta/path.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { random } from '../../chaos/random.ts'
import { appendNumbers, numbersIn, numbersTable } from '../../support/delta.ts'
import { s3Of, startS3, type TestS3 } from '../../support/s3.ts'
import { ailing, type Fate, PASSED, type S3Proxy, startS3Proxy } from '../../support/s3-proxy.ts'

let s3: TestS3
let proxy: S3Proxy
let client: S3
/** Straight to the server, and by way of the proxy. */
let store: ObjectStore
let through: ObjectStore
let number = 0
let key = ''
beforeAll(async () => {
  s3 = await startS3()
  store = s3.store
  proxy = await startS3Proxy(s3.url)
  client = s3Of(proxy.url)
  through = s3ObjectStore(client)
})
afterAll(async () => {
  await client?.close()
  await proxy?.close()
  await s3?.stop()
})
beforeEach(() => {
  key = `tests/races-${number++}`
  proxy.fate = () => PASSED
})

const DAY_MS = 86_400_000
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Each version from the first on is there. */
async function checkLog(newest: number): Promise<void> {
  const { commits } = await numbersTable(store, { key }).log.files()
  expect(commits.map(({ version }) => version)).toEqual(numbers(0, newest))
}

test('two writers race a hundred commits beside upkeep: nothing is lost or double, versions follow each other', {
  timeout: 180_000,
}, async () => {
  await appendNumbers(numbersTable(store, { key }), { numbers: [0] })
  let writing = 2
  const write = async (writer: number) => {
    const table = numbersTable(store, { key })
    for (const n of numbers(1, 50)) {
      const txn = { appId: `w${writer}`, version: BigInt(n) }
      const { version } = await appendNumbers(table, { numbers: [100 * writer + n], txn })
      const there = await table.log.commit(version!)
      expect(there).toContainEqual({ txn })
    }
    writing--
  }
  const upkeep = async () => {
    const table = numbersTable(store, { key })
    while (writing > 0) {
      await table.checkpoint(10)
      await table.optimize({ targetBytes: 1e6, sortBy: ['n'], writtenSinceMs: 0, untilMs: Number.POSITIVE_INFINITY })
      await table.vacuum(Number.POSITIVE_INFINITY)
      await table.cleanUpLog(Number.POSITIVE_INFINITY)
    }
  }
  await Promise.all([write(1), write(2), upkeep()])

  const table = numbersTable(store, { key })
  expect(await numbersIn(table, store)).toEqual([0, ...numbers(101, 150), ...numbers(201, 250)])
  const { version, files } = await table.snapshot()
  await checkLog(version)
  expect(files.size).toBeLessThan(100)
})

test('whatever becomes of the requests of two writers and of upkeep, each commit is there once', { timeout: 180_000 }, async () => {
  proxy.fate = ailing(random(5))
  let writing = 2
  const write = async (writer: number) => {
    const table = numbersTable(through, { key })
    for (const n of numbers(1, 10)) {
      const txn = { appId: `w${writer}`, version: BigInt(n) }
      const step = () => appendNumbers(table, { numbers: [100 * writer + n], txn }).catch(() => undefined)
      while ((await step()) === undefined);
    }
    writing--
  }
  const upkeep = async () => {
    const table = numbersTable(through, { key })
    while (writing > 0) {
      await table.checkpoint(5).catch(() => {})
      await table.optimize({ targetBytes: 1e6, sortBy: ['n'], untilMs: Number.POSITIVE_INFINITY }).catch(() => {})
      await table.vacuum(Number.POSITIVE_INFINITY).catch(() => {})
    }
  }
  await Promise.all([write(1), write(2), upkeep()])

  const table = numbersTable(store, { key })
  expect(await numbersIn(table, store)).toEqual([...numbers(101, 110), ...numbers(201, 210)])
  await checkLog((await table.snapshot()).version)
  // What the server said yes to is there, whether its writer heard of it or not.
  for (const [name, bytes] of proxy.created) if (name.startsWith(`${key}/`)) expect(await store.get(name)).toEqual(new Uint8Array(bytes))
})

test('a commit that is on its way while the log is cleaned up is not done behind it', { timeout: 180_000 }, async () => {
  const table = numbersTable(store, { key })
  await appendNumbers(table, { numbers: [1] })
  const slept = numbersTable(through, { key })
  const held = Promise.withResolvers<Fate>()
  const came = Promise.withResolvers<void>()
  proxy.fate = ({ isPutIfAbsent }) => {
    if (!isPutIfAbsent) return PASSED
    came.resolve()
    return held.promise
  }
  const commit = appendNumbers(slept, { numbers: [2] })
  await came.promise
  // Version 1 is to be its own. Others make a thousand and more, all of it is old after a while, and the log is cleaned up.
  const others = async (versions: readonly number[]) => {
    const texts = versions.map((version) => [`${key}/${commitPath(version)}`, `{"txn":{"appId":"other","version":${version}}}\n`] as const)
    const some = (of: number) => texts.filter((_, i) => i % 16 === of)
    const put = async (part: typeof texts) => {
      for (const [name, text] of part) await store.put(name, new TextEncoder().encode(text))
    }
    await Promise.all(Array.from({ length: 16 }, (_, i) => put(some(i))))
  }
  await others(numbers(1, 3))
  expect(await table.checkpoint()).toBe(3)
  await others(numbers(4, 1004))
  expect(await numbersTable(store, { key }).checkpoint()).toBe(1004)
  expect(await table.cleanUpLog(Number.POSITIVE_INFINITY, Date.now() + 40 * DAY_MS)).toEqual({ deleted: 3, done: true })
  held.resolve(PASSED)

  expect(await commit).toMatchObject({ version: 1005 })
  expect(await store.get(`${key}/${commitPath(1)}`)).toBeUndefined()
  expect(await numbersIn(numbersTable(store, { key }), store)).toEqual([1, 2])
})
