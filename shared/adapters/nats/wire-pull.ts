import { openWire, type Wire } from './wire.ts'
import type { WireMessage } from './wire-parser.ts'

type PullHandlers = {
  /** One message; valid only during the call. */
  message(message: WireMessage): void
  /** All that had come is read. */
  drained(): void
  /** Whether there is room for another request's worth: at most {@link Options.requestMessages} messages of any size. */
  wantsMore(): boolean
  /** Nothing more will come: the server is away or silent, or the consumer is gone. Called once. */
  lost(reason: string): void
}

export type Pull = {
  /** Asks for more if there is room now. */
  more(): void
  /** Sends a command of the protocol, such as an acknowledgement; lost with the connection. */
  send(command: Uint8Array): void
  /** Resolves when the server has read all that was sent, or the connection is over. */
  flush(): Promise<void>
  /** Asks for no more; when it resolves, what was on its way has come. */
  drain(): Promise<void>
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
  readonly url: string
  readonly stream: string
  readonly consumer: Promise<string>
  readonly requestMessages: number
}

/**
 * Reads a consumer by pull requests on a connection of its own.
 * It asks only for what there is room for, so it never holds more than two requests' messages, however far behind.
 * @param open - opens the connection.
 */
export async function openPull(
  { url, stream, consumer: made, requestMessages }: Options,
  handlers: PullHandlers,
  open: typeof openWire = openWire,
): Promise<Pull> {
  const inbox = `_INBOX.${crypto.randomUUID()}`
  /** Messages still to come, by sid. */
  const left = [0, 0, 0]
  let heard = performance.now()
  let wire: Wire | undefined
  let ended = false
  let draining = false
  let consumer = ''

  const close = () => {
    ended = true
    clearInterval(watch)
    wire?.close()
  }
  const lost = (reason: string) => {
    if (ended) return
    close()
    handlers.lost(reason)
  }
  const more = () => {
    if (ended || draining || !wire) return
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
      wire.send(`PUB $JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer} ${inbox}.${sid} ${request.length}\r\n${request}\r\n`)
    }
  }
  const watch = setInterval(() => {
    const waiting = left[1]! + left[2]! > 0 && !draining
    if (waiting && performance.now() - heard > SILENCE_MS) lost(`silent for ${SILENCE_MS} ms`)
  }, HEARTBEAT_MS / 2)
  watch.unref()

  try {
    const opening = open(url, `reader of ${stream}`, {
      message(message) {
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
    close()
    throw error
  }
  more()
  return {
    more,
    send: (command) => wire!.send(command),
    flush: () => wire!.flush(),
    drain() {
      draining = true
      wire!.send(SIDS.map((sid) => `UNSUB ${sid}\r\n`).join(''))
      return wire!.flush()
    },
    close,
  }
}
