import type { Nats } from './connect.ts'
import type { StreamAccess } from './stream.ts'
import { openWire, type Wire } from './wire.ts'
import type { WireMessage } from './wire-parser.ts'

type ReaderHandlers = {
  /** One message, in stream order; valid only during the call. */
  message(message: WireMessage): void
  /** All that had come is read. */
  drained(): void
  /** Whether there is room for another request's worth: at most {@link Reading.requestMessages} messages of any size. */
  wantsMore(): boolean
  /** Nothing more will come: a message was lost, the server is away or silent, or the consumer is gone. Called once. */
  lost(reason: string): void
}

export type Reading = {
  /** Asks for more if there is room now. */
  more(): void
  close(): void
}

/** Two requests take turns, so that the next is there when one is used up; each has a subscription of its own to tell them apart. */
const SIDS = [1, 2] as const
const HEARTBEAT_MS = 1000
const SILENCE_MS = 2.5 * HEARTBEAT_MS
const EXPIRES_MS = 30_000
/** What a message costs beside its payload, at most: subject and headers. */
const OVERHEAD_BYTES = 64 * 1024

type Options = {
  readonly nats: Nats
  readonly stream: StreamAccess
  /** The consumer to read; it must be new, since its sequence is checked from one on. */
  readonly consumer: Promise<string>
  readonly requestMessages: number
}

/**
 * Reads a stream by pull requests on a connection of its own, in order and without acknowledgements.
 * It asks only for what there is room for, so it never holds more than two requests' messages, however far behind.
 */
export async function openReading({ nats, stream, consumer: made, requestMessages }: Options, handlers: ReaderHandlers): Promise<Reading> {
  const inbox = `_INBOX.${crypto.randomUUID()}`
  /** Messages still to come, by sid. */
  const left = [0, 0, 0]
  let expected = 1
  let heard = performance.now()
  let wire: Wire | undefined
  let ended = false
  let consumer = ''

  const end = () => {
    ended = true
    clearInterval(watch)
    wire?.close()
    if (consumer !== '' && nats.now()) stream.removeConsumer(consumer).catch(() => {})
  }
  const lost = (reason: string) => {
    if (ended) return
    end()
    handlers.lost(reason)
  }
  const more = () => {
    if (ended || !wire) return
    for (const sid of SIDS) {
      if (left[sid]! > 0 || !handlers.wantsMore()) continue
      if (left[1] === 0 && left[2] === 0) heard = performance.now()
      left[sid] = requestMessages
      const request = JSON.stringify({
        batch: requestMessages,
        max_bytes: wire.maxPayload + OVERHEAD_BYTES,
        expires: EXPIRES_MS * 1e6,
        idle_heartbeat: HEARTBEAT_MS * 1e6,
      })
      wire.send(`PUB $JS.API.CONSUMER.MSG.NEXT.${stream.name}.${consumer} ${inbox}.${sid} ${request.length}\r\n${request}\r\n`)
    }
  }
  const watch = setInterval(() => {
    const waiting = left[1]! + left[2]! > 0
    if (waiting && performance.now() - heard > SILENCE_MS) lost(`silent for ${SILENCE_MS} ms`)
  }, HEARTBEAT_MS / 2)
  watch.unref()

  try {
    const opening = openWire(nats.url, `reader of ${stream.name}`, {
      message(message) {
        if (message.consumerSequence !== expected)
          return lost(`message ${expected} of the consumer is missing, ${message.consumerSequence} came`)
        expected++
        left[message.sid]!--
        if (!ended) handlers.message(message)
      },
      status(sid, block) {
        const code = block.slice(9, 12)
        // 100: a heartbeat. 408 (time is up) and 409 with what was not delivered: the request is over. All else: no reading goes on.
        if (code === '100') return
        if (code === '408' || (code === '409' && /nats-pending-messages/i.test(block))) left[sid] = 0
        else lost(block.split('\r\n', 1)[0]!)
      },
      drained() {
        heard = performance.now()
        if (ended) return
        handlers.drained()
        more()
      },
      lost,
    })
    // Both are awaited, so that neither outlives a failure of the other.
    const [opened, named] = await Promise.allSettled([opening, made])
    if (opened.status === 'fulfilled') wire = opened.value
    if (named.status === 'fulfilled') consumer = named.value
    if (opened.status === 'rejected') throw opened.reason
    if (named.status === 'rejected') throw named.reason
    opened.value.send(SIDS.map((sid) => `SUB ${inbox}.${sid} ${sid}\r\n`).join(''))
  } catch (error) {
    end()
    throw error
  }
  more()
  return { more, close: end }
}
