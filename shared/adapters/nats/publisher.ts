import { createInbox, headers, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import type { Outgoing, Publisher } from '../../ports/publisher.ts'
import { RetryableError } from '../../runtime/errors.ts'
import type { Nats } from './connect.ts'

const ACK_TIMEOUT_MS = 5000
/** Messages on their way without an acknowledgement: more would only queue in the server. */
const MOST_UNACKNOWLEDGED = 2000
const REFUSED = '{"error"'

/**
 * Publishes over one inbox of its own: JetStream's client builds an error object for each message in advance, which costs more than the message.
 */
export function natsPublisher(nats: Nats): Publisher {
  const waiting = new Map<number, (failure?: string) => void>()
  let inbox: { readonly connection: NatsConnection; readonly prefix: string } | undefined
  let next = 0

  nats.onChange((there) => {
    if (there) return
    for (const settle of [...waiting.values()]) settle('the connection was lost')
  })

  const settle = (subject: string, failure?: string) => waiting.get(Number(subject.slice(subject.lastIndexOf('.') + 1)))?.(failure)
  const open = (connection: NatsConnection) => {
    if (inbox?.connection === connection) return inbox
    inbox = { connection, prefix: `${createInbox()}.` }
    connection.subscribe(`${inbox.prefix}*`, { callback: (_, answer) => settle(answer.subject, failureOf(answer)) })
    return inbox
  }

  /** Sends as the window allows; resolves when all are acknowledged, rejects at the first that is not. */
  const send = ({ connection, prefix }: NonNullable<typeof inbox>, messages: readonly Outgoing[]) =>
    new Promise<void>((resolve, reject) => {
      const first = next
      next += messages.length
      let sent = 0
      let acknowledged = 0
      const finish = (failure?: string) => {
        clearTimeout(timer)
        for (let id = first; id < first + sent; id++) waiting.delete(id)
        if (failure === undefined) resolve()
        else reject(new RetryableError('ERR_UNAVAILABLE', `NATS acknowledged ${acknowledged} of ${messages.length} messages: ${failure}`))
      }
      const timer = setTimeout(finish, ACK_TIMEOUT_MS, `no answer within ${ACK_TIMEOUT_MS} ms`)
      const settled = (id: number, failure?: string) => {
        if (failure !== undefined) return finish(failure)
        if (!waiting.delete(id)) return
        acknowledged++
        timer.refresh()
        if (acknowledged === messages.length) finish()
        else fill()
      }
      const fill = () => {
        try {
          for (; sent < messages.length && sent - acknowledged < MOST_UNACKNOWLEDGED; sent++) {
            const message = messages[sent]!
            const id = first + sent
            waiting.set(id, (failure) => settled(id, failure))
            connection.publish(message.subject, message.payload, { reply: prefix + id, ...headersOf(message) })
          }
        } catch (error) {
          finish(error instanceof Error ? error.message : String(error))
        }
      }
      fill()
    })

  return {
    async publishAll(messages) {
      if (messages.length === 0) return
      const connection = nats.now()
      if (!connection) throw new RetryableError('ERR_UNAVAILABLE', 'NATS is away')
      await send(open(connection), messages)
    },
    tell(subject, payload) {
      nats.now()?.publish(subject, payload)
    },
  }
}

function headersOf({ headers: given, msgId }: Outgoing): { headers: MsgHdrs } | undefined {
  if (given === undefined && msgId === undefined) return undefined
  const made = headers()
  for (const name in given) made.set(name, given[name]!)
  if (msgId !== undefined) made.set('Nats-Msg-Id', msgId)
  return { headers: made }
}

/** Undefined for an acknowledgement. */
function failureOf({ headers: status, data }: Msg): string | undefined {
  if (status?.code === 503) return 'no stream takes this subject'
  const text = new TextDecoder().decode(data)
  return text.startsWith(REFUSED) ? text : undefined
}
