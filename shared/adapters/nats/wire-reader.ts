import type { Nats } from './connect.ts'
import type { StreamAccess } from './stream.ts'
import type { WireMessage } from './wire-parser.ts'
import { openPull } from './wire-pull.ts'

type ReaderHandlers = {
  /** One message, in stream order; valid only during the call. */
  message(message: WireMessage): void
  /** All that had come is read. */
  drained(): void
  /** Whether there is room for another request's worth: at most {@link Options.requestMessages} messages of any size. */
  wantsMore(): boolean
  /** Nothing more will come: a message was lost, the server is away or silent, or the consumer is gone. Called once. */
  lost(reason: string): void
}

export type Reading = {
  /** Asks for more if there is room now. */
  more(): void
  close(): void
}

type Options = {
  readonly nats: Nats
  readonly stream: StreamAccess
  /** The consumer to read; it must be new, since its sequence is checked from one on. */
  readonly consumer: Promise<string>
  readonly requestMessages: number
}

/** Reads a stream in order and without acknowledgements, through a consumer that ends with the reading. */
export async function openReading({ nats, stream, consumer, requestMessages }: Options, handlers: ReaderHandlers): Promise<Reading> {
  let expected = 1
  let ended = false
  const end = () => {
    ended = true
    if (nats.now()) consumer.then((name) => stream.removeConsumer(name)).catch(() => {})
  }
  const lost = (reason: string) => {
    if (ended) return
    end()
    handlers.lost(reason)
  }
  const pull = await openPull(
    { url: nats.url, stream: stream.name, consumer, requestMessages },
    {
      ...handlers,
      message(message) {
        if (message.consumerSequence !== expected) {
          if (!ended) pull.close()
          return lost(`message ${expected} of the consumer is missing, ${message.consumerSequence} came`)
        }
        expected++
        handlers.message(message)
      },
      lost,
    },
  ).catch((error: unknown) => {
    end()
    throw error
  })
  return {
    more: pull.more,
    close() {
      pull.close()
      end()
    },
  }
}
