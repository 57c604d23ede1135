import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start({ FAAS_MAX_BODY_BYTES: String(512 * 2 ** 20) })
  await host.deploy('probe')
})
afterAll(() => host.remove())

const PART = Buffer.from(Uint8Array.from({ length: 65_536 }, (_, i) => i * 31))

const pidOf = (name: string) => host.replicas().find(({ service }) => service === name)?.pid

/** The most memory that the host has had, in MiB. */
const peakMiB = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8'))![1]) / 1024

test.each([
  ['of known size', 256, true],
  ['in chunks', 128, false],
])(
  'a large body passes both ways at once, byte for byte, and the host does not hold it: %s, %i MiB',
  async (_, mib, sized) => {
    const before = peakMiB()
    const parts = (mib * 2 ** 20) / PART.length
    const headers = sized ? { 'content-length': String(parts * PART.length) } : {}
    const sent = request(`${host.url}/function/probe/echo`, { method: 'POST', headers })
    const write = async () => {
      for (let i = 0; i < parts; i++) if (!sent.write(PART)) await once(sent, 'drain')
      sent.end()
    }
    const answered = once(sent, 'response')
    const writing = write()
    const [response] = await answered
    let sizeBytes = 0
    for await (const bytes of response as AsyncIterable<Buffer>) {
      for (let at = 0; at < bytes.length; ) {
        const from = (sizeBytes + at) % PART.length
        const length = Math.min(PART.length - from, bytes.length - at)
        if (PART.compare(bytes, at, at + length, from, from + length) !== 0) throw new Error(`other bytes at ${sizeBytes + at}`)
        at += length
      }
      sizeBytes += bytes.length
    }
    await writing
    expect(sizeBytes).toBe(mib * 2 ** 20)
    expect(peakMiB() - before).toBeLessThan(150)
  },
  300_000,
)

test.each(['text/event-stream', 'application/x-ndjson'])('each piece of %s passes as soon as it is there, both ways', async (type) => {
  const sent = request(`${host.url}/function/probe/echo`, { method: 'POST', headers: { 'content-type': type } })
  sent.flushHeaders()
  const [response] = await once(sent, 'response')
  expect(response.headers['content-type']).toBe(type)
  for (const line of ['{"n":1}\n', 'data: 2\n\n', '{"n":3}\n']) {
    sent.write(line)
    // Nothing more is sent before this has come back.
    const [piece] = await once(response, 'data')
    expect(String(piece)).toBe(line)
  }
  sent.end()
  response.resume()
  await once(response, 'end')
})

test('a slow reader slows the function down instead of filling the host', async () => {
  const before = peakMiB()
  const socket = connect(host.port, '127.0.0.1')
  socket.write('POST /function/probe/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n')
  const feed = () => {
    while (socket.writable && socket.write(PART));
  }
  socket.on('drain', feed)
  feed()
  // Nothing is read: after what the connections themselves hold, the caller cannot write any more.
  let written = -1
  await until('nothing moves', async () => {
    const moved = socket.bytesWritten !== written
    written = socket.bytesWritten
    // Nothing tells that no more will come: it can only be looked at for a while.
    await new Promise((go) => setTimeout(go, 300))
    return !moved && socket.bytesWritten === written
  })
  expect(written).toBeLessThan(200_000_000)
  expect(peakMiB() - before).toBeLessThan(100)
  socket.destroy()
})

const UPGRADE = ['Host: x', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'X-Own: 1', '', ''].join('\r\n')

type Upgraded = { socket: Socket; closed: Promise<unknown>; read: (until: string) => Promise<string> }

async function upgraded(path: string, ahead = ''): Promise<Upgraded> {
  const socket = connect(host.port, '127.0.0.1')
  await once(socket, 'connect')
  // However it ends: the gateway may reset a connection on which more comes.
  socket.on('error', () => {})
  const closed = new Promise((done) => socket.once('close', done))
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes
  })
  socket.write(`GET ${path} HTTP/1.1\r\n${UPGRADE}${ahead}`)
  const read = async (end: string) => {
    await until(`${JSON.stringify(end)} comes, after ${JSON.stringify(text)}`, () => text.includes(end))
    const at = text.indexOf(end) + end.length
    const head = text.slice(0, at)
    text = text.slice(at)
    return head
  }
  return { socket, closed, read }
}

test('another protocol passes both ways as it comes, with what the caller sent ahead', async () => {
  const { socket, closed, read } = await upgraded('/function/probe/shout', 'ahead')
  const head = await read('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(head).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
  expect(head).toMatch(/\r\nX-Probe: yes\r\n/)
  expect(head).toMatch(/\r\nX-Call-Id: [0-9a-f-]{36}\r\n/)
  await read('AHEAD')
  socket.write('one')
  await read('ONE')
  socket.write('x'.repeat(1_000_000))
  await read('X'.repeat(1_000_000))
  socket.end()
  await closed
  await until('it is counted', async () => (await host.metrics()).includes('{function_name="probe.openfaas-fn",code="101"} 1'))
})

test('a protocol that the function does not want is refused in its words, and the connection ends', async () => {
  const { closed, read } = await upgraded('/function/probe/other')
  expect(await read('\r\n\r\nno')).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
  await closed
  const absent = await upgraded('/function/absent')
  expect(await absent.read('absent')).toMatch(/^HTTP\/1\.1 404 /)
  await absent.closed
})

test('either end of another protocol ends the other one', async () => {
  await host.deploy('mortal')
  const { closed, read } = await upgraded('/function/mortal/shout')
  await read('\r\n\r\n')
  const first = pidOf('mortal')!
  process.kill(first, 'SIGKILL')
  await closed

  await until('another one runs', () => ![undefined, first].includes(pidOf('mortal')))
  await host.untilReady('mortal')
  const again = await upgraded('/function/mortal/shout')
  expect(await again.read('\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /)
  again.socket.destroy()
  // Its call is over: the replica can be taken away without a wait.
  await until('it is over', async () => (await host.metrics()).includes('mortal.openfaas-fn",code="101"} 2'))
})

test('a caller that goes on to send after the function has ended the other protocol is let go', async () => {
  await host.deploy('brief')
  const { socket, closed, read } = await upgraded('/function/brief/bye')
  await read('\r\n\r\n')
  const sending = setInterval(() => socket.writable && socket.write('x'.repeat(100_000)), 1)
  try {
    await read('BYE')
    socket.end()
    await until('its call is over', async () => (await host.metrics()).includes('brief.openfaas-fn",code="101"} 1'), 15_000)
    await closed
  } finally {
    clearInterval(sending)
    socket.destroy()
  }
})

test('a WebSocket client talks to a function, which it wakes up', async () => {
  host.addImage('socket', 'socket.js')
  await host.deploy('socket', {
    image: 'socket',
    envVars: { fprocess: 'node index.js' },
    annotations: { 'scale.zero-after': '10m' },
  })
  await host.system('POST', 'scale-function/socket', { replicas: 0 })
  await until('it sleeps', async () => (await host.describe('socket')).availableReplicas === 0)
  const socket = new WebSocket(`${host.url.replace('http', 'ws')}/function/socket/quotes`)
  const heard: unknown[] = []
  socket.addEventListener('message', ({ data }) => heard.push(data))
  await new Promise((done, fail) => {
    socket.addEventListener('open', done)
    socket.addEventListener('error', fail)
  })
  for (const word of ['bid', 'ask', 'last']) socket.send(word)
  await until('all are heard', () => heard.length === 3)
  expect(heard).toEqual(['bid', 'ask', 'last'])
  socket.close()
  await new Promise((done) => socket.addEventListener('close', done))
})

test('what is no request is told so, and an answer that has begun is broken off', async () => {
  const said = async (text: string) => {
    const socket = connect(host.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (bytes) => {
      answer += bytes
    })
    socket.on('error', () => {})
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
  expect(await said('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*this is not HTTP/)
  const chunked = 'POST /function/probe/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  expect(await said(`${chunked}not a size\r\n`)).toMatch(/^HTTP\/1\.1 (400|200) /)
  await host.untilReady('probe')
})

test('headers beyond 32 KiB are refused, many small ones below it pass', async () => {
  const large = await host.call('/function/probe', { headers: { 'x-large': 'x'.repeat(33_000) } })
  expect([large.status, large.text]).toEqual([431, 'the head of the request is larger than 32768 bytes'])
  const long = await host.call(`/function/probe/${'y'.repeat(33_000)}`)
  expect(long.status).toBe(431)
  const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => [`h${i}`, '1']))
  const answer = await host.call('/function/probe', { headers: { ...many, 'x-last': 'last' } })
  expect(answer.status).toBe(200)
})
