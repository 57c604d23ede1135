import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Sent } from '../../../shared/adapters/nats/resend.ts'
import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { CONTROL_BUCKET } from '../../../shared/contract/streams.ts'
import { broughtBack, recordKey, type ScheduleRecord } from '../../../triggers/cron/record.ts'

/** Brings instants of schedules back: there is no message to send, so each is put among those that wait for a call of its function. */
export async function bringBack(connection: NatsConnection, letters: readonly FoundLetter[]): Promise<Sent[]> {
  const sent: Sent[] = []
  for (const letter of letters) {
    try {
      sent.push(await one(connection, letter))
    } catch (error) {
      sent.push({ kind: 'unanswered', reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return sent
}

async function one(connection: NatsConnection, { functionName, instant = '', redriven }: FoundLetter): Promise<Sent> {
  const at = Date.parse(instant)
  if (Number.isNaN(at)) return { kind: 'refused', reason: `${instant} is no instant` }
  const bucket = await new Kvm(connection).open(CONTROL_BUCKET)
  const key = recordKey(functionName)
  for (;;) {
    const found = await bucket.get(key)
    if (found?.operation !== 'PUT') return { kind: 'refused', reason: `${functionName} has no schedule now` }
    const next = broughtBack(found.json<ScheduleRecord>(), at, redriven + 1)
    if (next === undefined) return { kind: 'known' }
    if (typeof next === 'string') return { kind: 'refused', reason: next }
    try {
      await bucket.update(key, JSON.stringify(next), found.revision)
      return { kind: 'stored' }
    } catch (error) {
      // The triggers write it as well: again, on what they wrote.
      if (!(error instanceof Error && 'code' in error && error.code === WRONG_LAST_SEQUENCE)) throw error
    }
  }
}

const WRONG_LAST_SEQUENCE = 10071
