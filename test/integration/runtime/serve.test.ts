import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'

const RUNTIME = new URL('../../../shared/runtime/', import.meta.url)
let folder: string
let kill = () => {}
afterEach(async () => {
  kill()
  await rm(folder, { recursive: true, force: true })
})

/** Starts a function of its own process that answers /slow after `ms`, and gives its port and what it prints. */
async function start(ms: number) {
  folder = await mkdtemp(join(tmpdir(), 'trade2026-serve-'))
  const file = join(folder, 'function.ts')
  await writeFile(
    file,
    `import { definePositioned } from '${RUNTIME}positioned.ts'
import { serve } from '${RUNTIME}serve.ts'
const app = definePositioned({
  name: 'sample',
  apply({ head }) {
    console.log('running')
    return new Promise((done) => setTimeout(done, ${ms}, { kind: 'applied', applied: head.count, rejected: 0 }))
  },
  positions: async () => ({}),
})
const resource = (name) => ({ name, ready: async () => true, close: async () => console.log('closed ' + name) })
serve(app, [resource('a'), resource('b')])
`,
  )
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  kill = () => child.kill('SIGKILL')
  const printed: string[] = []
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => printed.push(line))
  const [listening] = (await once(lines, 'line')) as [string]
  const { port } = (JSON.parse(listening) as { address: { port: number } }).address
  return { child, printed, port, url: `http://127.0.0.1:${port}` }
}

const HEAD =
  '{"stream":"S","epoch":1,"slots":[[0,0,1]],"last":1,"lastNs":"1","count":1,"seqs":[1,1],"times":[5,1],"subjects":["a"],"subject":[0,1]}'
const BATCH = `${HEAD}\n{}\n`

test('SIGTERM lets a running call finish, then closes the resources in reverse order and ends', async () => {
  const { child, printed, url } = await start(300)
  expect((await fetch(`${url}/_/ready`)).status).toBe(200)
  const answer = fetch(url, { method: 'POST', body: BATCH })
  await expect.poll(() => printed).toContain('running')
  child.kill('SIGTERM')
  expect(await (await answer).json()).toMatchObject({ applied: 1 })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(printed.filter((line) => line.startsWith('closed'))).toEqual(['closed b', 'closed a'])
})

test('a batch in chunks is counted while it comes, and refused when it grows too large', async () => {
  const { url } = await start(0)
  const chunks = (count: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (count-- > 0) controller.enqueue(new Uint8Array(1024 * 1024).fill(32))
        else controller.close()
      },
    })
  const post = (body: string | ReadableStream) => fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
  expect((await post(chunks(33))).status).toBe(413)
  expect((await post(chunks(2))).status).toBe(400)
  expect((await post(new Blob([BATCH]).stream())).status).toBe(200)
})

test('a caller that goes away in the middle of a batch harms nobody', async () => {
  const { port, url } = await start(0)
  const socket = createConnection(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${HEAD}`)
  socket.destroy()
  await once(socket, 'close')
  expect((await fetch(url, { method: 'POST', body: BATCH })).status).toBe(200)
})
