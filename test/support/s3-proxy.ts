import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pick } from '../chaos/random.ts'

/** A request as it comes from a client. */
export type S3Request = {
  readonly method: string
  /** The object's key; empty where the bucket itself is meant. */
  readonly key: string
  /** Whether it is a put with `If-None-Match`, as commits are. */
  readonly isPutIfAbsent: boolean
  readonly body: Buffer
}

/** What becomes of a request. What is not passed on never reaches the server; what is `done` reached it, was answered by it, and the client does not hear of it. */
export type Fate =
  | { readonly kind: 'passed'; readonly afterMs?: number }
  /** Answered in place of the server. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'reset' }
  /** Half of the body arrives, then the connection breaks; of a request without a body nothing. */
  | { readonly kind: 'cut' }
  /** `silent`: for ever, as far as the client's patience goes. */
  | { readonly kind: 'done'; readonly answer: 'reset' | 'silent' | number }
  /** Half of the answer's body, and then nothing more, or the end of the connection. */
  | { readonly kind: 'answer-cut'; readonly rest: 'reset' | 'silent' }

export const PASSED: Fate = { kind: 'passed' }

const ILLS: readonly Fate[] = [
  { kind: 'refused', status: 500 },
  { kind: 'refused', status: 503 },
  { kind: 'reset' },
  { kind: 'cut' },
  { kind: 'done', answer: 'reset' },
  { kind: 'done', answer: 504 },
  { kind: 'answer-cut', rest: 'reset' },
  { kind: 'passed', afterMs: 30 },
]
/** Three of ten requests meet something, drawn by `next`: whatever networks and ailing servers do, but for a silence without end. */
export const ailing = (next: () => number) => (): Fate => (next() < 0.3 ? pick(next, ILLS) : PASSED)

export type S3Proxy = {
  readonly url: string
  /** Decides over each request; the request waits until it has. All are passed on until this is set. */
  fate: (request: S3Request) => Fate | Promise<Fate>
  /** Puts-if-absent that the server said yes to, whether the client heard of it or not: by key what was put. */
  readonly created: ReadonlyMap<string, Buffer>
  /** Breaks all connections and takes no new ones. */
  leave(): Promise<void>
  /** Listens again, at the same address. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** Stands between clients and a real S3 server and does to requests, answers and connections what networks and ailing servers do. Signatures stay valid: the head is passed on as it comes. */
export async function startS3Proxy(upstream: string): Promise<S3Proxy> {
  const { hostname, port } = new URL(upstream)
  const agent = new Agent({ keepAlive: true })
  const created = new Map<string, Buffer>()
  const silent = new Set<Socket>()
  const proxy: Pick<S3Proxy, 'fate'> = { fate: () => PASSED }

  const forward = async (from: IncomingMessage, body: Buffer): Promise<{ answer: IncomingMessage; bytes: Buffer }> => {
    const to = request({ host: hostname, port, agent, method: from.method, path: from.url, headers: headOf(from.rawHeaders) })
    to.end(body)
    const [answer] = (await once(to, 'response')) as [IncomingMessage]
    return { answer, bytes: await bytesOf(answer) }
  }

  const forwardHalf = async (from: IncomingMessage, body: Buffer): Promise<void> => {
    if (body.length === 0) return
    const to = request({ host: hostname, port, agent: false, method: from.method, path: from.url, headers: headOf(from.rawHeaders) })
    to.on('error', () => {})
    to.write(body.subarray(0, body.length >> 1))
    await once(to, 'socket')
    // What is written must be on its way before the connection ends: the server's first look at it.
    await sleep(20)
    to.destroy()
  }

  const serve = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const body = await bytesOf(from)
    const what = requestOf(from, body)
    const fate = await proxy.fate(what)
    if (fate.kind === 'refused') return void to.writeHead(fate.status, { 'content-type': 'application/xml' }).end(errorOf(fate.status))
    if (fate.kind === 'cut') await forwardHalf(from, body)
    if (fate.kind === 'cut' || fate.kind === 'reset') return void from.socket.resetAndDestroy()
    if (fate.kind === 'passed' && fate.afterMs) await sleep(fate.afterMs)
    const { answer, bytes } = await forward(from, body)
    if (what.isPutIfAbsent && answer.statusCode === 200) created.set(what.key, body)
    const end = fate.kind === 'done' ? fate.answer : fate.kind === 'answer-cut' ? fate.rest : undefined
    if (fate.kind === 'done') {
      if (typeof end === 'number') to.writeHead(end, { 'content-type': 'application/xml' }).end(errorOf(end))
    } else {
      to.writeHead(answer.statusCode!, headOf(answer.rawHeaders))
      if (fate.kind === 'passed') return void to.end(bytes)
      to.write(bytes.subarray(0, bytes.length >> 1))
      await sleep(20)
    }
    if (end === 'reset') from.socket.resetAndDestroy()
    if (end === 'silent') silent.add(from.socket)
  }

  const server = createServer((from, to) => void serve(from, to).catch(() => from.socket.resetAndDestroy()))
  server.keepAliveTimeout = 60_000
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  const leave = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen(0)
  const at = (server.address() as AddressInfo).port
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${at}`,
    created,
    leave,
    comeBack: async () => {
      if (!server.listening) await listen(at)
    },
    async close() {
      for (const socket of silent) socket.destroy()
      await leave()
      agent.destroy()
    },
  })
}

/** A head without what is between two ends of one connection alone. The length is that of the body, which is passed on whole. */
function headOf(raw: readonly string[]): string[] {
  const head: string[] = []
  for (let i = 0; i < raw.length; i += 2)
    if (!/^(connection|keep-alive|transfer-encoding|expect)$/i.test(raw[i]!)) head.push(raw[i]!, raw[i + 1]!)
  return head
}

async function bytesOf(from: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of from) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Path-style addresses: the bucket comes first. */
function requestOf({ method = '', url = '', headers }: IncomingMessage, body: Buffer): S3Request {
  const [, , ...key] = decodeURIComponent(url.split('?')[0]!).split('/')
  return { method, key: key.join('/'), isPutIfAbsent: method === 'PUT' && headers['if-none-match'] !== undefined, body }
}

const errorOf = (status: number): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${status === 503 ? 'SlowDown' : 'InternalError'}</Code><Message>by the proxy</Message></Error>`
