// A function that has another process do its work.
import { fork } from 'node:child_process'
import { createServer } from 'node:http'

if (process.argv[2] === 'child') {
  process.on('message', () => {
    globalThis.held = Buffer.alloc(400 * 2 ** 20, 1)
  })
} else {
  const child = fork(import.meta.filename, ['child'])
  createServer((req, res) => {
    if (req.url === '/grow') child.send('grow')
    res.end(req.url === '/child' ? String(child.pid) : 'ok')
  }).listen(Number(process.env.PORT), '127.0.0.1')
}
