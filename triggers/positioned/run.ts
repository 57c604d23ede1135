import { isStreamAbsent, natsStream } from '../../shared/adapters/nats/stream.ts'
import { STREAMS, type StreamSpec } from '../../shared/contract/streams.ts'
import type { Running } from '../running.ts'
import type { PositionedTrigger } from '../trigger.ts'
import { takeTurns } from '../turns.ts'
import { Leases } from './lease.ts'
import { Reader, type ReaderDeps } from './reader.ts'
import type { Roster } from './roster.ts'

export type PositionedDeps = ReaderDeps & { readonly roster: Roster; readonly holder: string }

const TURN_MS = 1000
const LOOK_MS = 200
/** An absent stream is told of every so many looks. */
const TOLD_EVERY = 50

/**
 * Delivers one function's stream for as long as it holds lanes of it; begins once the stream is there.
 * @param after - settles when the same function's trigger before this one has ended.
 */
export function runPositioned(deps: PositionedDeps, given: PositionedTrigger, after: Promise<void> = Promise.resolve()): Running {
  const { control, holder, log, nats, roster, troubles } = deps
  const { functionName } = given
  const stream = natsStream(nats, given.stream)
  let reader: Reader | undefined
  let leases: Leases | undefined
  /** Stands for all lanes while it is not known how many the stream allows. */
  const first = deps.metrics.lane(functionName, `0-of-${given.readers}`)
  let failures = 0

  const begin = async (isStopped: () => boolean) => {
    await after
    first.ready(false)
    await nats.there()
    const { slots: own } = await stream.state()
    first.gone()
    if (isStopped()) return
    const slots = own ?? (STREAMS as Record<string, StreamSpec>)[stream.name]?.slots ?? 1
    const trigger = { ...given, readers: Math.min(given.readers, slots) }
    const made = new Reader(deps, { trigger, stream, slots })
    reader = made
    const { readers } = trigger
    const onTake = (lane: number) => {
      log.info({ function: functionName, lane, readers }, 'lane taken')
      made.take(lane)
    }
    const onGive = async (lane: number) => {
      await made.give(lane)
      log.info({ function: functionName, lane, readers }, 'lane given back')
    }
    leases = new Leases({ control, holder, functionName, readers, alive: () => roster.alive, onTake, onGive, troubles })
  }
  const turns = takeTurns(async (isStopped) => {
    try {
      if (!leases) await begin(isStopped)
      await leases?.turn(performance.now(), Date.now())
    } catch (error) {
      const about = { function: functionName, stream: given.stream }
      // Somebody has yet to make it: a stack would not say more, nor would a line at every look.
      if (!isStreamAbsent(error)) log.warn({ err: error, ...about }, 'the stream is not there yet')
      else if (failures++ % TOLD_EVERY === 0) log.warn(about, 'no reading yet: the stream is not there')
    }
    return leases ? TURN_MS : LOOK_MS
  })

  return {
    async stop() {
      await turns.stop()
      await leases?.release()
      await reader?.stop()
      first.gone()
    },
  }
}
