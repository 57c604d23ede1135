import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { exchange } from '../../../triggers/http.ts'

let server: Server
afterEach(() => server.close())

test('a call goes through although every kept connection was closed from the other side', async () => {
  const used = new Set<Socket>()
  let together = 0
  server = createServer(async (req, res) => {
    if (used.has(req.socket)) return req.socket.destroy()
    used.add(req.socket)
    // The first three are answered at once, so that three connections are kept.
    if (++together === 3) server.emit('all')
    if (together < 3) await once(server, 'all')
    res.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const call = () => exchange({ url, method: 'POST', headers: {}, body: [Buffer.from('batch')], timeoutMs: 5000 })
  await Promise.all([call(), call(), call()])

  const answer = await call()

  expect(answer).toMatchObject({ status: 200, body: 'ok' })
  expect(used.size).toBe(4)
})

test('a gateway over https is called, if its certificate is trusted', async () => {
  const [cert, key] = ['crt', 'key'].map((ending) =>
    readFileSync(join(import.meta.dirname, `../../fixtures/tls/localhost.${ending}`), 'utf8'),
  )
  server = createTlsServer({ cert, key }, (req, res) => void req.pipe(res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/`)
  const call = () => exchange({ url, method: 'POST', headers: {}, body: [Buffer.from('batch')], timeoutMs: 5000 })

  const untrusted = await call()
  setDefaultCACertificates([...getCACertificates(), cert!])
  const trusted = [await call(), await call()]

  expect(untrusted).toMatchObject({ status: 0, body: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(trusted).toEqual([expect.objectContaining({ status: 200, body: 'batch' }), expect.objectContaining({ status: 200 })])
})
