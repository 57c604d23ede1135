// A function for the host's tests: what it does is in the path. Copied into a temporary dist as a bundle would be.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const { PORT, HOST, READY_AFTER_MS = '0', CRASH_AT_START, DEAF } = process.env
if (CRASH_AT_START) process.exit(3)
let readyAt = Date.now() + Number(READY_AFTER_MS)

const held = []

async function answer(req, res) {
  const { pathname, searchParams } = new URL(req.url, 'http://probe')
  switch (pathname) {
    case '/_/health':
      return res.end('ok')
    case '/_/ready':
      return res.writeHead(Date.now() >= readyAt ? 200 : 503).end()
    case '/unready':
      readyAt = Number.POSITIVE_INFINITY
      return req.socket.destroy()
    case '/be-ready':
      readyAt = 0
      return res.end()
    case '/crash':
      return process.exit(1)
    case '/crash-in-body':
      return req.once('data', () => process.exit(1))
    case '/crash-in-answer':
      res.writeHead(200, { 'content-length': '1000' }).write('half')
      return setTimeout(() => process.exit(1), 20)
    case '/reset-in-answer':
      req.socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')
      return setTimeout(() => req.socket.resetAndDestroy(), 20)
    case '/refuse-early':
      return res.writeHead(413).end('too much')
    case '/attachment':
      return req.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Disposition: attachment; filename="${searchParams.get('name')}"\r\n\r\nok`)
    case '/silent':
      return
    case '/no-http':
      return req.socket.end('SSH-2.0-probe\r\n\r\n')
    case '/events':
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: 1\n\n')
      return searchParams.has('end') ? res.end('data: 2\n\n') : undefined
    case '/large': {
      const part = Buffer.alloc(65_536, 'x')
      res.writeHead(200, searchParams.has('sized') ? { 'content-length': String(part.length * 64) } : {})
      for (let i = 0; i < 64; i++) if (!res.write(part)) await new Promise((go) => res.once('drain', go))
      return res.end()
    }
    case '/print':
      for await (const part of req) process.stdout.write(part)
      return res.end()
    case '/secrets': {
      const files = readdirSync(process.env.SECRETS_DIR).map((name) => {
        const path = join(process.env.SECRETS_DIR, name)
        return [name, { mode: (statSync(path).mode & 0o777).toString(8), base64: readFileSync(path, 'base64') }]
      })
      return res.end(JSON.stringify(Object.fromEntries(files)))
    }
    case '/status':
      return res.writeHead(Number(searchParams.get('code')), { 'retry-after': '7' }).end('as asked')
    case '/echo-sized':
      res.writeHead(200, { 'content-length': req.headers['content-length'] })
      return req.pipe(res)
    case '/echo':
      res.writeHead(200, { 'content-type': req.headers['content-type'] ?? 'application/octet-stream' }).flushHeaders()
      return req.pipe(res)
    case '/hold':
      await sleep(Number(searchParams.get('after') ?? 0))
      held.push(Buffer.alloc(Number(searchParams.get('mib')) * 2 ** 20, 1))
      return setTimeout(() => res.end('held'), Number(searchParams.get('ms') ?? 0))
    case '/slow':
      await sleep(Number(searchParams.get('ms')))
  }
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const part of req) {
    hash.update(part)
    sizeBytes += part.length
  }
  const { method, url, headers } = req
  res.writeHead(200, { 'content-type': 'application/json', 'x-probe': 'yes' })
  res.end(JSON.stringify({ method, url, headers, sizeBytes, sha256: hash.digest('hex'), pid: process.pid, env: process.env }))
}

// A call that fails, such as one whose body breaks off, ends its connection and not the process.
const server = createServer({ maxHeaderSize: 65_536 }, (req, res) => void answer(req, res).catch(() => req.socket.destroy()))
// Another protocol: everything in capitals.
server.on('upgrade', (req, socket, ahead) => {
  if (req.url === '/bye') {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    return socket.once('data', () => socket.end('BYE'))
  }
  if (req.url !== '/shout') return socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno')
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Probe: yes\r\n\r\n')
  socket.write(String(ahead).toUpperCase())
  socket.on('data', (bytes) => socket.write(String(bytes).toUpperCase())).on('end', () => socket.end()).on('error', () => {})
})
server.maxHeadersCount = 0
server.keepAliveTimeout = 120_000
server.listen(Number(PORT), HOST)
process.on('SIGTERM', () => DEAF || server.close(() => process.exit(0)))
