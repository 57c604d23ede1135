// A WebSocket server as small as it gets (RFC 6455): it says every short text message back.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const server = createServer((req, res) => res.end(req.url))
server.on('upgrade', ({ headers }, socket) => {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  let bytes = Buffer.alloc(0)
  socket.on('data', (part) => {
    bytes = Buffer.concat([bytes, part])
    while (bytes.length >= 6 && bytes.length >= 6 + (bytes[1] & 0x7f)) {
      const size = bytes[1] & 0x7f
      const mask = bytes.subarray(2, 6)
      const message = bytes.subarray(6, 6 + size).map((byte, i) => byte ^ mask[i % 4])
      socket.write(Buffer.concat([Buffer.from([bytes[0], size]), message]))
      if ((bytes[0] & 0x0f) === 8) socket.end()
      bytes = bytes.subarray(6 + size)
    }
  })
  socket.on('error', () => {})
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
