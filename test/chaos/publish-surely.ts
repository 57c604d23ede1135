import { setTimeout as sleep } from 'node:timers/promises'
import type { Outgoing, Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

const SLICE_MS = 20
const AGAIN_MS = 50

type Load = {
  readonly perSecond: number
  /** The messages in their order; each has an id of its own. */
  readonly message: (i: number) => Outgoing
  readonly isOver: () => boolean
}

/** Publishes at an even rate until told to end; what the server did not acknowledge is published again under its id. @returns how many there are. */
export async function publishUntil(publisher: Publisher, { perSecond, message, isOver }: Load): Promise<number> {
  const started = performance.now()
  let sent = 0
  while (!isOver()) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond)
    // After an outage of the server in slices, as all the rest.
    const from = sent
    const slice = Array.from({ length: Math.min(due - from, perSecond) }, (_, i) => message(from + i))
    if (slice.length > 0) await publishSurely(publisher, slice)
    sent += slice.length
    await sleep(SLICE_MS)
  }
  return sent
}

async function publishSurely(publisher: Publisher, messages: readonly Outgoing[]): Promise<void> {
  for (;;) {
    try {
      return await publisher.publishAll(messages)
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error
      await sleep(AGAIN_MS)
    }
  }
}
