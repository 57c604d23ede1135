import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AnswerHead } from './answer.ts'
import { RELEASE } from './version.ts'

/** Headers that speak of one connection (RFC 9110, 7.6.1); `expect`, which the host has answered itself; and what the host sets. */
const NOT_PASSED_ON = new Set([
  'connection',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'x-start-time',
  'x-call-id',
])

/**
 * Headers that no `Connection` can take away, whatever it names: without its length a body would be the next request on the function's connection,
 * and its answer somebody else's.
 */
const ALWAYS_PASSED_ON = new Set(['content-length', 'host'])

/** Who passed an answer on. */
export const SERVED_BY = `trade2026/${RELEASE}`

/** What a call is known by, in the function and in the answer: the caller's id or a new one, and when it began (unix ns, and by this process's clock). */
export type CallId = { readonly id: string; readonly startedNs: string; readonly startedMs: number }

export const callIdOf = (request: IncomingMessage): CallId => ({
  id: (request.headers['x-call-id'] as string | undefined) ?? randomUUID(),
  startedNs: `${Date.now()}000000`,
  startedMs: performance.now(),
})

/** The head of a request as the function gets it: the caller's headers in their order and spelling, then the host's. */
export function headToFunction(request: IncomingMessage, path: string, { id, startedNs }: CallId, upgrade = false): string {
  const { headers, method } = request
  const passed = endToEnd(request.rawHeaders, headers.connection)
  let head = `${method} ${path} HTTP/1.1\r\n`
  if (upgrade) head += `Connection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n`
  for (let i = 0; i < passed.length; i += 2) head += `${passed[i]}: ${passed[i + 1]}\r\n`
  if (headers.host === undefined) head += 'Host: localhost\r\n'
  else if (headers['x-forwarded-host'] === undefined) head += `X-Forwarded-Host: ${headers.host}\r\n`
  if (headers['x-forwarded-for'] === undefined) head += `X-Forwarded-For: ${request.socket.remoteAddress}\r\n`
  if (headers['transfer-encoding'] !== undefined) head += 'Transfer-Encoding: chunked\r\n'
  else if (headers['content-length'] === undefined && method !== 'GET' && method !== 'HEAD') head += 'Content-Length: 0\r\n'
  return `${head}X-Call-Id: ${id}\r\nX-Start-Time: ${startedNs}\r\n\r\n`
}

/**
 * Adds to a function's answer what the host says in it, and its content type where it has none: the request's, as OpenFaaS does.
 * The duration is of-watchdog's header: seconds until the answer began.
 */
export function addToAnswer({ status, headers: raw }: AnswerHead, request: IncomingMessage, { id, startedNs, startedMs }: CallId): void {
  const seconds = (performance.now() - startedMs) / 1000
  raw.push('X-Call-Id', id, 'X-Start-Time', startedNs, 'X-Duration-Seconds', seconds.toFixed(6), 'X-Served-By', SERVED_BY)
  if (status === 101) return
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.toLowerCase() === 'content-type') return
  raw.push('Content-Type', request.headers['content-type'] ?? 'text/plain')
}

/** Raw headers (name, value, ...) without those meant for this connection only, among them any that `connection` names. */
export function endToEnd(raw: readonly string[], connection: string | undefined): string[] {
  const usual = !connection || /^(keep-alive|close)$/i.test(connection)
  const named = usual ? [] : connection.toLowerCase().split(/[ ,]+/)
  const passed: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const isNamed = named.includes(name) && !ALWAYS_PASSED_ON.has(name)
    if (!NOT_PASSED_ON.has(name) && !isNamed) passed.push(raw[i]!, raw[i + 1]!)
  }
  return passed
}
