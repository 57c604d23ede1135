import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { S3_DEVELOPMENT_KEYS } from '../../../infra/stack/services/s3.ts'
import { connectS3, type S3 } from '../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { makeBucket, probePutIfAbsent } from '../../../shared/adapters/s3/prepare.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { objectStoreCases } from '../../conformance/object-store.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'
import { type Fate, PASSED, type S3Proxy, startS3Proxy } from '../../support/s3-proxy.ts'

let server: TestS3
let s3: S3
beforeAll(async () => {
  server = await startS3()
  s3 = server.s3
})
afterAll(() => server?.stop())

describe('SeaweedFS', () => {
  objectStoreCases(async () => ({ store: s3ObjectStore(s3), prefix: `cases/${randomUUID()}/` }))

  test('passes the probe of put-if-absent, which leaves nothing behind; its bucket can be made again', async () => {
    await makeBucket(s3)
    await probePutIfAbsent(s3)

    expect(await Array.fromAsync(s3ObjectStore(s3).list('.probe/'))).toEqual([])
  })

  test('the seeds’ keys open the bucket and no other', async () => {
    const keys = { accessKey: 'test', secretKey: 'test' }
    const of = (S3_BUCKET: string) => s3ObjectStore(connectS3({ S3_URL: server.url, S3_REGION: 'us-east-1', S3_BUCKET }, keys))
    await s3ObjectStore(s3).put('seen/by-test', new Uint8Array(3))

    expect(await of(BUCKET).get('seen/by-test')).toHaveLength(3)
    await expect(of('another').put('x', new Uint8Array(1))).rejects.toThrow(/403/)
  })

  test('what it said it stored is there after kill -9', async () => {
    const store = s3ObjectStore(s3)
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
    for (let i = 0; i < 20; i++) await store.put(`killed/${i}`, bytes)

    server.processes.s3.kill('SIGKILL')
    await server.processes.s3.untilHealthy()

    for (let i = 0; i < 20; i++) expect(await store.get(`killed/${i}`)).toEqual(bytes)
  })
})

describe('what networks and ailing servers do to requests', () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251)
  let proxy: S3Proxy
  let clients: S3[] = []
  let store: ObjectStore
  let impatient: ObjectStore
  beforeAll(async () => {
    proxy = await startS3Proxy(server.url)
    const connect = (silentMs?: number) =>
      connectS3({ S3_URL: proxy.url, S3_REGION: 'us-east-1', S3_BUCKET: BUCKET }, S3_DEVELOPMENT_KEYS, silentMs)
    clients = [connect(), connect(500)]
    ;[store, impatient] = clients.map(s3ObjectStore) as [ObjectStore, ObjectStore]
  })
  afterAll(async () => {
    for (const client of clients) await client.close()
    await proxy?.close()
  })
  const meet = (fate: Fate) => {
    let left = 1
    proxy.fate = () => (left-- > 0 ? fate : PASSED)
  }

  test.each<[string, Fate, 'there' | 'not there']>([
    ['is answered 500', { kind: 'refused', status: 500 }, 'not there'],
    ['is answered 503', { kind: 'refused', status: 503 }, 'not there'],
    ['finds the disk full', { kind: 'refused', status: 507 }, 'not there'],
    ['loses its connection', { kind: 'reset' }, 'not there'],
    ['arrives in half', { kind: 'cut' }, 'not there'],
    ['is done, and answered by nothing but the end of the connection', { kind: 'done', answer: 'reset' }, 'there'],
    ['is done, and answered 504', { kind: 'done', answer: 504 }, 'there'],
    ['is done, and never answered', { kind: 'done', answer: 'silent' }, 'there'],
  ])('a put that %s is an unknown outcome for its caller; the object is whole or not at all', async (_, fate, there) => {
    const client = JSON.stringify(fate).includes('silent') ? impatient : store
    const [plain, ifAbsent] = [`faults/${randomUUID()}`, `faults/${randomUUID()}`]
    meet(fate)
    await expect(client.put(plain, bytes)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    meet(fate)
    await expect(client.putIfAbsent(ifAbsent, bytes)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })

    await expect.poll(() => store.get(plain), { timeout: 20_000 }).toEqual(there === 'there' ? bytes : undefined)
    if (there === 'there') await expect.poll(() => store.get(ifAbsent), { timeout: 20_000 }).toEqual(bytes)
    expect(await store.putIfAbsent(ifAbsent, bytes)).toBe(there === 'there' ? 'exists' : 'created')
    expect(await store.get(ifAbsent)).toEqual(bytes)
  })

  test('a put that breaks in the middle leaves the object that was there', async () => {
    const key = `faults/${randomUUID()}`
    await store.put(key, bytes)
    meet({ kind: 'cut' })
    await expect(
      store.put(
        key,
        bytes.map((byte) => byte + 1),
      ),
    ).rejects.toThrow()

    expect(await store.get(key)).toEqual(bytes)
  })

  test.each<Fate>([
    { kind: 'answer-cut', rest: 'reset' },
    { kind: 'answer-cut', rest: 'silent' },
    { kind: 'done', answer: 'silent' },
    { kind: 'refused', status: 500 },
  ])('an object whose answer is %j is not taken for whole, for absent, or waited for without end', async (fate) => {
    const client = JSON.stringify(fate).includes('silent') ? impatient : store
    const key = `faults/${randomUUID()}`
    await store.put(key, bytes)
    meet(fate)
    await expect(client.get(key)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    meet(fate)
    await expect(Array.fromAsync(client.list(key))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })

    expect(await store.get(key)).toEqual(bytes)
  })

  test('while the store is away all is unavailable; when it is back all goes on', async () => {
    const key = `faults/${randomUUID()}`
    await store.put(key, bytes)
    await proxy.leave()
    for (const work of [
      () => store.get(key),
      () => store.put(key, bytes),
      () => store.remove([key]),
      () => Array.fromAsync(store.list(key)),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await proxy.comeBack()

    expect(await store.get(key)).toEqual(bytes)
  })
})

test('a large object over a slow line takes longer than the longest silence, and arrives', async () => {
  let received = 0
  let paused = 0
  const server = createServer(async (req, res) => {
    for await (const chunk of req) {
      received += chunk.length
      if (received - paused < 256 * 1024) continue
      // Some 3 s for all of it.
      paused = received
      await sleep(20)
    }
    res.writeHead(200, { ETag: '"x"' }).end()
  })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const config = { S3_URL: `http://127.0.0.1:${port}`, S3_REGION: 'us-east-1', S3_BUCKET: 'b' }
  const slow = connectS3(config, { accessKey: 'a', secretKey: 'b' }, 2000)
  const started = performance.now()

  await s3ObjectStore(slow).put('large', new Uint8Array(32 * 1024 * 1024))

  expect(received).toBe(32 * 1024 * 1024)
  expect(performance.now() - started).toBeGreaterThan(2000)
  await slow.close()
  server.close()
})

test('a store that ignores If-None-Match is refused', async () => {
  const server = createServer((req, res) =>
    req.resume().on('end', () => res.writeHead(req.method === 'DELETE' ? 204 : 200, { ETag: '"x"' }).end()),
  )
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const lax = connectS3({ S3_URL: `http://127.0.0.1:${port}`, S3_REGION: 'us-east-1', S3_BUCKET: 'b' }, { accessKey: 'a', secretKey: 'b' })

  await expect(probePutIfAbsent(lax)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('If-None-Match') })

  await lax.close()
  server.close()
})
