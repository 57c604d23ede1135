import type { Socket } from 'node:net'
import type { AnswerHead } from './answer.ts'
import type { Call } from './call.ts'

/** How long a caller may take to close its side, or to read nothing of what it is sent. */
const LINGER_MS = 5_000

/** Ends a caller's connection once it has what was written to it. What it still sends is dropped: unread it would hold the connection open. */
export function letGo(caller: Socket): void {
  const destroy = () => caller.destroy()
  caller.setTimeout(LINGER_MS, destroy)
  caller.end(() => setTimeout(destroy, LINGER_MS).unref())
  caller.resume()
}

/**
 * The function agreed to another protocol: its head goes to the caller, and what the caller sends goes to the function as it comes. The other way is the
 * answer's body, which ends with the connection.
 */
export function openTunnel(call: Call, { reason, headers }: AnswerHead, toFunction: Socket): void {
  const { socket: caller, ahead } = call.upgrade!
  call.isUpgraded = true
  call.response.detachSocket(caller)
  let head = `HTTP/1.1 101 ${reason}\r\nConnection: Upgrade\r\nUpgrade: ${call.request.headers.upgrade}\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  caller.write(`${head}\r\n`, 'latin1')
  toFunction.write(ahead)
  caller.on('data', (bytes) => {
    if (toFunction.writable && !toFunction.write(bytes)) caller.pause()
  })
  caller.on('end', () => toFunction.end())
  caller.resume()
}
