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

test.each([
  ['a kept connection that breaks off in the middle of an answer', 'HTTP/1.1 20', ['ok', 'UND_ERR_SOCKET']],
  ['a new connection that breaks off', 'HTTP/1.1 20', ['UND_ERR_SOCKET']],
  ['a new connection that is closed unanswered', '', ['UND_ERR_SOCKET']],
])('%s is a failure, and nothing is sent again', async (_, head, answers) => {
  let requests = 0
  server = createServer((req, res) => {
    if (++requests < answers.length) return void res.end('ok')
    if (head) req.socket.write(head)
    req.socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)

  const found: string[] = []
  for (let i = 0; i < answers.length; i++)
    found.push((await exchange({ url, method: 'POST', headers: {}, body: [Buffer.from('batch')], timeoutMs: 5000 })).body)

  expect(found).toEqual(answers)
  expect(requests).toBe(answers.length)
})

test('an answer that is too large or does not end is given up, and the next call goes through', async () => {
  server = createServer((req, res) => {
    if (req.url === '/large') return void res.end(Buffer.alloc(5 * 1024 * 1024))
    if (req.url === '/silent') return void res.write('beginning')
    res.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = async (path: string, timeoutMs = 20_000) =>
    (await exchange({ url: new URL(path, origin), method: 'GET', headers: {}, timeoutMs })).body

  expect([await call('/large'), await call('/silent', 500), await call('/')]).toEqual([
    'an answer of more than 4194304 bytes',
    'no answer within 500 ms',
    'ok',
  ])
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
