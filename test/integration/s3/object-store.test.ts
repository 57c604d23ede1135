import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectS3, type S3 } from '../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { makeBucket, probePutIfAbsent } from '../../../shared/adapters/s3/prepare.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'
import { objectStoreCases } from '../../conformance/object-store.ts'
import { s3Of } from '../../support/s3.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let s3: S3
beforeAll(async () => {
  servers = await startServers({ s3: true })
  s3 = s3Of(servers)
})
afterAll(async () => {
  await s3?.close()
  await servers?.stop()
})

describe('SeaweedFS', () => {
  objectStoreCases(async () => ({ store: s3ObjectStore(s3), prefix: `cases/${randomUUID()}/` }))

  test('passes the probe of put-if-absent, which leaves nothing behind; its bucket can be made again', async () => {
    await makeBucket(s3)
    await probePutIfAbsent(s3)

    expect(await Array.fromAsync(s3ObjectStore(s3).list('.probe/'))).toEqual([])
  })

  test('the seeds’ keys open the bucket and no other', async () => {
    const keys = { accessKey: 'test', secretKey: 'test' }
    const of = (S3_BUCKET: string) => s3ObjectStore(connectS3({ S3_URL: servers.urls.S3_URL, S3_REGION: 'us-east-1', S3_BUCKET }, keys))
    await s3ObjectStore(s3).put('seen/by-test', new Uint8Array(3))

    expect(await of(BUCKET).get('seen/by-test')).toHaveLength(3)
    await expect(of('another').put('x', new Uint8Array(1))).rejects.toThrow(/403/)
  })

  test('what it said it stored is there after kill -9', async () => {
    const store = s3ObjectStore(s3)
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
    for (let i = 0; i < 20; i++) await store.put(`killed/${i}`, bytes)

    servers.processes.s3.kill('SIGKILL')
    await servers.processes.s3.untilHealthy()

    for (let i = 0; i < 20; i++) expect(await store.get(`killed/${i}`)).toEqual(bytes)
  })
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
