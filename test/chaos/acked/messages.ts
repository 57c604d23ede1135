import { setTimeout as sleep } from 'node:timers/promises'
import type { Outgoing, Publisher } from '../../../shared/ports/publisher.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'

/** Messages that the functions refuse for good, and those that they refuse twice. */
export const POISON = 'poison'
export const FLAKY = 'flaky'

const KEYS = 20
const SLICE_MS = 20
const AGAIN_MS = 50

const message = (i: number): Outgoing => ({
  subject: `chaos.k${i % KEYS}`,
  payload: i % 499 === 0 ? POISON : i % 97 === 0 ? FLAKY : `message ${i}`,
  msgId: `chaos-${i}`,
})

/** Publishes at an even rate until told to end; what the server did not acknowledge is published again under its id. @returns how many there are. */
export async function publishUntil(publisher: Publisher, perSecond: number, isOver: () => boolean): Promise<number> {
  const started = performance.now()
  let sent = 0
  while (!isOver()) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond)
    // After an outage of the server in slices, as all the rest.
    const slice = Array.from({ length: Math.min(due - sent, perSecond) }, (_, i) => message(sent + i))
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
