// What one would write by hand: Node's own client behind Node's own server, a connection kept for each. Arguments: the port behind it.
import { Agent, createServer, request } from 'node:http'

const port = Number(process.argv[2])
const agent = new Agent({ keepAlive: true })

const server = createServer(({ method, url, headers }, response) => {
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  response.req.pipe(onward)
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as { port: number }).port))
