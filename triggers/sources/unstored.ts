import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Source, SourceTick } from './source.ts'

const MOST_A_FETCH = 5_000
/** What a killed process has sent may still be on its way into the stream: it is waited for until nothing more comes for so long. */
const SILENCE_MS = 1_000
const MOST_FETCHES = 200

/** By subject the lines of ticks that came into the stream behind a sequence, in its order. */
export async function storedAfter(
  nc: NatsConnection,
  stream: string,
  seq: number,
  subjects: readonly string[],
): Promise<Map<string, string[]>> {
  const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seq + 1 }
  const consumer = await jetstream(nc).consumers.get(stream, { ...start, filter_subjects: [...subjects] })
  const stored = new Map<string, string[]>()
  for (let fetches = 0, came = 1; came > 0 && fetches < MOST_FETCHES; fetches++) {
    came = 0
    for await (const message of await consumer.fetch({ max_messages: MOST_A_FETCH, expires: SILENCE_MS })) {
      came++
      const lines = message.string().split('\n')
      const known = stored.get(message.subject)
      if (known) known.push(...lines)
      else stored.set(message.subject, lines)
    }
  }
  await consumer.delete()
  return stored
}

/**
 * Leaves out the ticks of a source that are in the stream already. What is stored of each subject is the beginning of what the source has of it, in the
 * same order; there may be more in between: ticks sent twice after a lost connection, and those of other publishers.
 * @param stored - by subject the stored lines.
 * @param onLeftOut - called for each tick left out, before what follows it is handed on.
 */
export async function* unstored(
  source: Source,
  stored: ReadonlyMap<string, readonly string[]>,
  onLeftOut: () => void,
): AsyncGenerator<readonly SourceTick[]> {
  const left = new Map([...stored].map(([subject, lines]) => [subject, { lines, at: 0 }]))
  const isStored = ({ subject, line }: SourceTick): boolean => {
    const known = left.get(subject)
    if (!known) return false
    const found = known.lines.indexOf(line, known.at)
    known.at = found + 1
    if (found < 0 || known.at === known.lines.length) left.delete(subject)
    return found >= 0
  }
  for await (const ticks of source) {
    if (left.size === 0) {
      yield ticks
      continue
    }
    // One by one: whoever counts must not have counted a tick left out behind one that is still to be sent.
    for (const tick of ticks) {
      if (isStored(tick)) onLeftOut()
      else yield [tick]
    }
  }
}
