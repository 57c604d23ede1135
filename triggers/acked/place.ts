import type { Control } from '../../shared/adapters/nats/control.ts'
import type { Durable } from '../../shared/adapters/nats/durable.ts'
import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'
import { before } from '../positioned/begin.ts'
import type { AckedTrigger } from '../trigger.ts'

/**
 * Where a function stands in a stream, beside its consumer: what is settled, in which life of the stream, and how many messages a second it took.
 * The consumer is the truth for as long as it is there.
 */
export type Place = { readonly created: string; readonly floor: number; readonly steady?: number | undefined }

export const placeKey = ({ functionName, stream }: Pick<AckedTrigger, 'functionName' | 'stream'>): string =>
  `acked.${functionName}.${stream}`

/** What was written down last; undefined before the function's first message was ever asked for. */
export const readPlace = async (control: Pick<Control, 'get'>, trigger: AckedTrigger): Promise<Place | undefined> =>
  (await control.get<Place>(placeKey(trigger)))?.value

/**
 * Makes the function's consumer, or brings it to what its trigger says. Where a consumer was there and is not any more, the new one begins behind what was
 * settled: wherever `start` points to, nothing is passed over.
 * @param listedMs - when the functions were last asked for before this trigger was found: what has come since, it has to see.
 */
export async function ensureConsumer(
  { control, stream, durable }: { readonly control: Control; readonly stream: StreamAccess; readonly durable: Durable },
  trigger: AckedTrigger,
  listedMs: number,
): Promise<void> {
  const { subjects, ackWaitMs } = trigger
  // The deployment that names other subjects came after that.
  const since = async () =>
    stream.sequenceAt(BigInt(Math.floor((await stream.state()).nowMs - (performance.now() - listedMs))) * 1_000_000n)
  if (await durable.update({ subjects, ackWaitMs }, since)) return
  await durable.create((await settledBefore({ control, stream }, trigger)) + 1, { subjects, ackWaitMs })
}

/** The sequence up to which nothing is to be delivered; decided when the function's first message is asked for, and written down. */
async function settledBefore(
  { control, stream }: { readonly control: Control; readonly stream: StreamAccess },
  trigger: AckedTrigger,
): Promise<number> {
  const { created, last } = await stream.state()
  const known = await readPlace(control, trigger)
  // In another life of the stream every message is new.
  if (known) return known.created === created ? known.floor : 0
  const first: Place = { created, floor: await before(stream, trigger.start, last) }
  if ((await control.create(placeKey(trigger), first)) !== undefined) return first.floor
  return settledBefore({ control, stream }, trigger)
}
