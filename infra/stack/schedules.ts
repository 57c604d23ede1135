import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { CONTROL_BUCKET } from '../../shared/contract/streams.ts'
import { instantsIn } from '../../triggers/cron/instants.ts'
import { recordKey, type ScheduleRecord } from '../../triggers/cron/record.ts'

/** How one function's schedule stands. Instants in ms since the epoch. */
export type ScheduleState = {
  readonly name: string
  /** Expression and time zone. */
  readonly of: string
  readonly next: number | undefined
  readonly last: ScheduleRecord['ended'][number] | undefined
  readonly open: readonly number[]
  readonly waiting: number
}

/** What the triggers have written down of schedules. */
export async function readSchedules(connection: NatsConnection, nowMs: number): Promise<ScheduleState[]> {
  const bucket = await new Kvm(connection).open(CONTROL_BUCKET)
  const states: ScheduleState[] = []
  for await (const key of await bucket.keys(recordKey('*'))) {
    const entry = await bucket.get(key)
    if (entry?.operation === 'PUT') states.push(stateOf(key.slice(recordKey('').length), entry.json(), nowMs))
  }
  return states
}

function stateOf(name: string, { of, until, ended, open, waiting }: ScheduleRecord, nowMs: number): ScheduleState {
  const next = instantsIn(of)?.next(Math.max(until, nowMs))
  return { name, of, next, last: ended.at(-1), open: open.map(({ at }) => at), waiting: waiting.length }
}
