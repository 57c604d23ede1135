// A function for tests of triggers: writes down each call, and takes its time while a file says so. Put into a host's dist as a bundle would be.
import { appendFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const { PORT, HOST, RECORD, HOLD = '', VERSION = '1' } = process.env
const write = (what) => appendFileSync(RECORD, `${JSON.stringify({ ...what, version: VERSION, pid: process.pid })}\n`)

const server = createServer(async (req, res) => {
  if (req.url.startsWith('/_/')) return res.end('ok')
  let body = ''
  for await (const part of req) body += part
  const call = { url: req.url, key: req.headers['idempotency-key'], headers: req.headers, body }
  write({ ...call, what: 'begun', ms: Date.now() })
  while (existsSync(HOLD)) await sleep(20)
  write({ ...call, what: 'ended', ms: Date.now() })
  res.end()
})
server.keepAliveTimeout = 120_000
server.listen(Number(PORT), HOST)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
