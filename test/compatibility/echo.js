// The function that the commands are tried on: it says what it was sent, and answers with the status that is asked for.
import { createServer } from 'node:http'

const server = createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://echo')
  if (pathname.startsWith('/_/')) return res.end()
  const body = Buffer.concat(await req.toArray())
  console.log(`${req.method} ${req.url}`)
  if (searchParams.has('silent')) return
  res.writeHead(Number(searchParams.get('status') ?? 200), { 'Content-Type': 'text/plain' })
  res.end(`${req.method} ${req.url} ${req.headers['content-type'] ?? '-'} ${req.headers['x-own'] ?? '-'} ${body.toString('hex') || '-'}\n`)
})
server.keepAliveTimeout = 120_000
server.listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
