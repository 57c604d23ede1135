import type { OutgoingHttpHeaders } from 'node:http'
import { finished } from 'node:stream'
import { isEnding } from '../stack/identity.ts'
import { type AnswerHead, AnswerParser } from './answer.ts'
import { type Call, refuse, tooLarge } from './call.ts'
import { type Exchange, TRUST } from './connection.ts'
import { addToAnswer, headToFunction } from './headers.ts'
import type { Replica } from './replica.ts'
import { MOST_TEXT_BYTES } from './request-body.ts'
import { letGo, openTunnel } from './tunnel.ts'
import { callTimeoutMs } from './watchdog.ts'

/** What became of an attempt. `unreached`: the request is whole and nothing was answered, so it can be tried again. */
export type Outcome = 'answered' | 'unreached'

/** Sends a request to one replica and streams the answer back; never rejects. */
export function forward(replica: Replica, call: Call): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const { request, response, body, id } = call
  const head = headToFunction(request, call.path, id, call.upgrade !== null)
  let settled = false
  let last: Buffer | undefined

  const settle = (outcome: Outcome) => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    replica.release()
    resolve(outcome)
  }
  /** The connection is of no further use: the rest of the body goes nowhere. */
  const breakOff = (status: number, message: string, headers?: OutgoingHttpHeaders) => {
    connection.socket.destroy()
    if (settled) return
    settle('answered')
    if (call.isUpgraded) call.upgrade!.socket.destroy()
    else if (response.headersSent) {
      body.drop()
      response.destroy()
    } else refuse(call, status, message, headers)
  }
  const ended = () => {
    const isSent = body.isSent
    if (call.isUpgraded) letGo(call.upgrade!.socket)
    else {
      if (!isSent) body.drop()
      // A connection that the caller wants closed ends with the answer: while it still writes its body, the answer would be lost.
      if (isSent || response.shouldKeepAlive) response.end(last?.toString('latin1'), 'latin1')
      else {
        if (last) response.write(last)
        finished(request, () => response.end())
      }
    }
    replica.connections.give(connection, isSent ? parser.keptMs : 0)
    settle('answered')
  }

  const parser = new AnswerParser(
    request.method!,
    {
      head(answer: AnswerHead) {
        addToAnswer(answer, request, id)
        if (answer.status === 101) {
          clearTimeout(timer)
          openTunnel(call, answer, connection.socket)
          return
        }
        response.writeHead(answer.status, answer.reason, answer.headers)
        // An answer of unknown length may be a stream of events whose first one is far away.
        if (!answer.sized) response.flushHeaders()
      },
      body(part, isLast) {
        if (isLast && part.length <= MOST_TEXT_BYTES) {
          last = part
          return
        }
        const to = call.isUpgraded ? call.upgrade!.socket : response
        if (to.destroyed || to.write(part) || connection.socket.isPaused()) return
        connection.socket.pause()
        to.once('drain', () => connection.socket.resume())
      },
      end: ended,
    },
    call.upgrade !== null,
  )

  const exchange: Exchange = {
    connected() {
      connected = true
      // The body is touched only once there is a connection: until then another replica can have it.
      if (body.exists) sendBody()
    },
    data(bytes) {
      try {
        parser.feed(bytes)
      } catch (error) {
        breakOff(502, `the function's answer is not HTTP: ${(error as Error).message}`)
      }
    },
    drain: () => (call.isUpgraded ? call.upgrade!.socket.resume() : body.resume()),
    timeout() {
      if (body.isAwaited) breakOff(408, 'the rest of the body did not come in time', { Connection: 'close' })
      else breakOff(504, 'the function did not answer in time')
    },
    closed(error, unread) {
      // A reset ends no answer, not even one that ends with its connection.
      if (settled || (!error && parser.close())) return
      // A process that ends closes its connections before its port: the next request must not run into it.
      replica.doubt()
      const isSafe = (call.isIdempotent && !body.exists) || (unread && body.isKept && !isEnding(replica.record.pid))
      const again = !connected || (isSafe && reused && !call.isRepeated && !response.headersSent)
      if (!again) return breakOff(503, `the function broke off: ${error?.code ?? 'connection closed'}`, { 'Retry-After': '0' })
      if (connected) call.isRepeated = true
      body.hold()
      settle('unreached')
    },
  }
  const sendBody = () => body.sendTo(connection.socket, head, () => breakOff(413, tooLarge(body.limitBytes), { Connection: 'close' }))

  replica.take()
  const connection = replica.connections.take(exchange, trustFor(call))
  let connected = !connection.socket.connecting
  const reused = connected
  const limitMs = callTimeoutMs(replica.spec.execTimeoutMs, request.headers['x-timeout'] as string | undefined)
  const timer = limitMs === null ? undefined : setTimeout(breakOff, limitMs, 504, `exec_timeout: more than ${limitMs} ms`, WATCHDOG)
  call.onCallerGone = () => {
    // Once it has answered, the connection may be another call's.
    if (settled) return
    settle('answered')
    connection.socket.destroy()
  }
  if (!body.exists) connection.socket.write(head, 'latin1')
  else if (connected) sendBody()
  return promise
}

/** An error that of-watchdog would answer, in front of the function. */
export const WATCHDOG = { 'X-OpenFaaS-Internal': 'of-watchdog' }

/** A request that cannot be sent twice is only sent over a connection that the function does not close on its own. */
function trustFor({ isIdempotent, isRepeated, body }: Call) {
  if (isRepeated) return TRUST.none
  if (isIdempotent && !body.exists) return TRUST.unknown
  return body.isKept ? TRUST.short : TRUST.long
}
