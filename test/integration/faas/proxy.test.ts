import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start({ FAAS_TIMEOUT_MS: '1500', FAAS_MAX_BODY_BYTES: '20000000' })
  await host.deploy('probe')
})
afterAll(() => host.remove())

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s arrives with its headers and the call id', async (method) => {
  const body = method === 'GET' ? '' : 'some text'
  const answer = await host.call('/function/probe/x', {
    method,
    body,
    headers: { 'X-Own': 'a, b', traceparent: TRACE, Connection: 'X-Secret', 'X-Secret': '1', 'Proxy-Authorization': 'no' },
  })
  expect(answer.status).toBe(200)
  const seen = answer.json()
  expect(seen).toMatchObject({ method, url: '/x', sizeBytes: body.length })
  expect(seen.headers).toMatchObject({
    'x-own': 'a, b',
    traceparent: TRACE,
    'x-forwarded-host': `127.0.0.1:${host.port}`,
    'x-forwarded-for': '127.0.0.1',
  })
  for (const gone of ['x-secret', 'proxy-authorization', 'connection']) expect(seen.headers).not.toHaveProperty(gone)
  expect(seen.headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(seen.headers['x-start-time']).toMatch(/^\d{19}$/)
  expect(answer.headers).toMatchObject({
    'x-call-id': seen.headers['x-call-id'],
    'x-start-time': seen.headers['x-start-time'],
    'x-duration-seconds': expect.stringMatching(/^\d+\.\d{6}$/),
    'x-served-by': `trade2026/${manifest.version}`,
    'x-probe': 'yes',
  })
})

test('HEAD has no body, a given call id and forwarding headers stay, other methods are refused', async () => {
  expect(await host.call('/function/probe', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', headers: { 'x-probe': 'yes' } })
  const headers = { 'x-call-id': 'mine', 'x-forwarded-host': 'front', 'x-forwarded-for': '10.0.0.1' }
  const answer = await host.call('/function/probe', { headers })
  expect(answer.json().headers).toMatchObject(headers)
  expect(answer.json().headers).not.toHaveProperty('traceparent')
  expect(answer.headers['x-call-id']).toBe('mine')
  expect((await host.call('/function/probe', { method: 'TRACE' })).status).toBe(405)
})

test('an answer without a content type has that of the request, or is plain text', async () => {
  const typeOf = async (headers: Record<string, string>) =>
    (await host.call('/function/probe/status?code=200', { method: 'POST', headers, body: 'x' })).headers['content-type']
  expect(await typeOf({ 'Content-Type': 'application/octet-stream' })).toBe('application/octet-stream')
  expect(await typeOf({})).toBe('text/plain')
})

test.each([202, 301, 400, 404, 429, 500, 503])("status %i of a function is the caller's, with its headers", async (code) => {
  const answer = await host.call(`/function/probe/status?code=${code}`)
  expect([answer.status, answer.headers['retry-after'], answer.text]).toEqual([code, '7', 'as asked'])
  expect(answer.headers).not.toHaveProperty('x-openfaas-internal')
})

test.each([1, 65_536, 9_999_999])('a body of %i bytes arrives whole, sized or in chunks', async (sizeBytes) => {
  const body = randomBytes(sizeBytes)
  const sized = await host.call('/function/probe', { method: 'POST', body })
  expect(sized.json()).toMatchObject({ sizeBytes, sha256: sha256(body) })
  const chunked = await new Promise<string>((done, fail) => {
    const sent = request(`${host.url}/function/probe`, { method: 'POST' }, async (response) =>
      done(Buffer.concat(await response.toArray()).toString()),
    )
    Readable.from(
      (function* () {
        for (let at = 0; at < sizeBytes; at += 70_001) yield body.subarray(at, at + 70_001)
      })(),
    )
      .pipe(sent)
      .once('error', fail)
  })
  expect(JSON.parse(chunked)).toMatchObject({ sizeBytes, sha256: sha256(body) })
})

test.each([256, 8192, 8193, 70_000])(
  '%i bytes of every value come back as they were sent, with their length or without',
  async (sizeBytes) => {
    const body = Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, i) => i))
    for (const path of ['/echo-sized', '/echo']) {
      const response = await fetch(`${host.url}/function/probe${path}`, { method: 'POST', body })
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
    }
  },
)

test('a file name beyond ASCII passes as the bytes it is', async () => {
  const answer = await host.call(`/function/probe/attachment?name=${encodeURIComponent('东京.txt')}`)
  const name = Buffer.from(answer.headers['content-disposition']!, 'latin1').toString()
  expect([answer.status, name, answer.text]).toEqual([200, 'attachment; filename="东京.txt"', 'ok'])
})

test('a caller that leaves takes no connection with it that another call uses by now', async () => {
  const callsSince = async (before: number) => {
    const [, count] = /^gateway_function_invocation_started\{function_name="probe\.openfaas-fn"\} (\d+)/m.exec(await host.metrics())!
    return Number(count) - before
  }
  const before = await callsSince(0)
  const socket = connect(host.port, '127.0.0.1').on('error', () => {})
  // The second is answered long before the first, and its answer has to wait.
  socket.write('GET /function/probe/slow?ms=1000 HTTP/1.1\r\nHost: x\r\n\r\nGET /function/probe/one HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('both have begun', async () => (await callsSince(before)) === 2)
  expect((await host.call('/function/probe/two')).status).toBe(200)
  const others = [1, 2].map(() => host.call('/function/probe/slow?ms=500', { method: 'POST', body: 'x' }))
  await until('all have begun', async () => (await callsSince(before)) === 5)
  socket.destroy()
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200])
})

test.each(['/large', '/large?sized'])('a large answer arrives whole through a slow reader: %s', async (path) => {
  const response = await fetch(`${host.url}/function/probe${path}`)
  let sizeBytes = 0
  for await (const part of response.body!) {
    sizeBytes += part.length
    await new Promise(setImmediate)
  }
  expect(sizeBytes).toBe(65_536 * 64)
})

test('the first event of a stream arrives while the function still holds it open', async () => {
  const abort = new AbortController()
  const response = await fetch(`${host.url}/function/probe/events`, { signal: abort.signal })
  const { value } = await response.body!.getReader().read()
  expect(new TextDecoder().decode(value)).toBe('data: 1\n\n')
  abort.abort()
})

test('no header of a caller makes its body another request to the function', async () => {
  const body = 'GET /slow?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n'
  const headers = { connection: 'keep-alive, content-length, host' }
  const answer = await host.call('/function/probe/one', { method: 'POST', headers, body })
  expect(answer.json()).toMatchObject({ url: '/one', sizeBytes: body.length })
  // Whoever comes next gets its own answer.
  expect((await host.call('/function/probe/two')).json().url).toBe('/two')
})

test('a body beyond the limit is refused, whether announced or counted', async () => {
  expect((await host.call('/function/probe', { method: 'POST', headers: { 'content-length': '20000001' } })).status).toBe(413)
  const socket = connect(host.port, '127.0.0.1')
  socket.write('POST /function/probe HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const part = `100000\r\n${'x'.repeat(0x100000)}\r\n`
  const feed = () => {
    while (socket.writable && socket.write(part));
  }
  socket.on('drain', feed).on('error', () => {})
  feed()
  const [bytes] = await once(socket, 'data')
  expect(String(bytes)).toMatch(/^HTTP\/1\.1 413 /)
  socket.destroy()
})

test('a caller that listens only once it has sent all of such a body hears why it is refused', async () => {
  const part = Buffer.alloc(1_000_000)
  for (let i = 0; i < 5; i++) {
    const socket = connect(host.port, '127.0.0.1')
    socket.write('POST /function/probe HTTP/1.1\r\nHost: x\r\nContent-Length: 21000000\r\n\r\n')
    for (let sent = 0; sent < 21; sent++) {
      await new Promise<void>((done, fail) => socket.write(part, (error) => (error ? fail(error) : done())))
    }
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toMatch(/^HTTP\/1\.1 413 /)
    await once(socket.resume(), 'close')
  }
})

test('a function that dies in the middle of a body does not hold up the connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = Buffer.alloc(8_000_000, 'x')
  for (let i = 0; i < 3; i++) {
    const broken = await host.call('/function/probe/crash-in-body', { method: 'POST', body, agent })
    expect([broken.status, broken.headers['x-openfaas-internal']]).toEqual([503, 'proxy'])
    // The same connection serves the next call: keep-alive would otherwise end it only after minutes.
    expect((await host.call('/function/probe', { method: 'POST', body, agent })).json().sizeBytes).toBe(body.length)
  }
  agent.destroy()
})

test('an early answer reaches the caller though the body was not read', async () => {
  const answer = await host.call('/function/probe/refuse-early', { method: 'POST', body: Buffer.alloc(5_000_000) })
  expect([answer.status, answer.text]).toEqual([413, 'too much'])
})

test('an answer that breaks off in the middle is seen as broken, not as complete', async () => {
  await expect(host.call('/function/probe/reset-in-answer')).rejects.toThrow()
  await expect(host.call('/function/probe/crash-in-answer')).rejects.toThrow()
  await host.untilReady('probe')
})

test('what is not HTTP becomes 502, what stays silent 504', async () => {
  expect((await host.call('/function/probe/no-http')).status).toBe(502)
  expect((await host.call('/function/probe/silent', { method: 'POST', body: 'x' })).status).toBe(504)
})

test('a caller that leaves frees the function', async () => {
  const leaving = request(`${host.url}/function/probe/silent`, { method: 'POST' })
  leaving.once('error', () => {}).end('x')
  await once(leaving, 'socket')
  leaving.destroy()
  expect((await host.call('/function/probe')).status).toBe(200)
})
