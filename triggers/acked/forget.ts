import type { Control, ControlKeys } from '../../shared/adapters/nats/control.ts'
import type { Durable } from '../../shared/adapters/nats/durable.ts'

type Deps = {
  readonly control: Pick<Control, 'get' | 'create' | 'replace' | 'remove'> & ControlKeys
  readonly durable: (stream: string, functionName: string) => Pick<Durable, 'state' | 'remove'>
  /** Whether a function is there that reads this stream acked, or may be: one whose annotations are not understood. */
  readonly isWanted: (functionName: string, stream: string) => boolean
  /** Whether what waits for a function that is gone still has to be given up, message by message. */
  readonly isEmptiedFirst: (functionName: string) => boolean
}

/** Since when a function is missed; `going` when its consumer is about to be deleted. */
type Missed = { readonly sinceMs: number; readonly going?: true }

/**
 * Deletes the consumers and places of functions that have been gone for `afterMs`: until then one that is deployed again goes on where it stood, as if it had
 * been there all the time. That a gateway lists a function no more need not mean that somebody removed it for good.
 * @param nowMs - the clock of the trigger processes: when a function was first missed is written down.
 * @returns what is forgotten, as function and stream.
 */
export async function forgetAcked({ control, durable, isWanted, isEmptiedFirst }: Deps, nowMs: number, afterMs: number): Promise<string[]> {
  const forgotten: string[] = []
  for (const key of await control.keys(['acked.>'])) {
    const [, functionName, stream] = /^acked\.([^.]+)\.([^.]+)$/.exec(key) ?? []
    if (functionName === undefined || stream === undefined) continue
    const missedKey = `missed.${functionName}.${stream}`
    const missed = await control.get<Missed>(missedKey)
    if (isWanted(functionName, stream)) {
      if (missed) await control.remove(missedKey, missed.revision)
      continue
    }
    if (!missed) await control.create(missedKey, { sinceMs: nowMs } satisfies Missed)
    if (!missed || nowMs - missed.value.sinceMs < afterMs) continue
    const consumer = durable(stream, functionName)
    const state = isEmptiedFirst(functionName) ? await consumer.state() : undefined
    if (state && state.pending + state.unsettled > 0) continue
    // Another process may have seen the function again: it has removed this entry then.
    const going = await control.replace(missedKey, { ...missed.value, going: true } satisfies Missed, missed.revision)
    if (going === undefined) continue
    await consumer.remove()
    const place = await control.get(key)
    if (place) await control.remove(key, place.revision)
    await control.remove(missedKey, going)
    forgotten.push(`${functionName} on ${stream}`)
  }
  return forgotten
}
