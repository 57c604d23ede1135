// A server that keeps connections by its own word, and closes each one a few milliseconds after an answer all the same, now and then before it looks
// at what has come meanwhile. It counts what it has done.
import { createServer } from 'node:http'

let done = 0
const server = createServer(async (req, res) => {
  const { socket } = req
  socket.latest = req
  if (req.url === '/count') return res.end(String(done))
  if (req.url !== '/_/ready') {
    for await (const _ of req);
    done++
  }
  res.end('ok')
  setTimeout(() => {
    if (socket.latest !== req) return
    const busyUntil = performance.now() + Math.random() * 3
    while (performance.now() < busyUntil);
    socket.destroy()
  }, Math.random() * 6)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
