import type { Outgoing, Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

/** A publisher that keeps what it is given; `away` makes it refuse. */
export function recordingPublisher() {
  const sent: Outgoing[] = []
  const told: { subject: string; text: string }[] = []
  let there = true
  const publisher: Publisher = {
    async publishAll(messages) {
      if (!there) throw new RetryableError('ERR_UNAVAILABLE', 'the broker is away')
      sent.push(...messages)
    },
    tell(subject, payload) {
      if (there) told.push({ subject, text: typeof payload === 'string' ? payload : new TextDecoder().decode(payload) })
    },
  }
  const away = (value: boolean) => {
    there = !value
  }
  return Object.assign(publisher, { sent, told, away })
}
