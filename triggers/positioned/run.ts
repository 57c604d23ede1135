import { natsStream } from '../../shared/adapters/nats/stream.ts'
import { STREAMS, type StreamSpec } from '../../shared/contract/streams.ts'
import type { Running } from '../running.ts'
import type { PositionedTrigger } from '../trigger.ts'
import { Leases } from './lease.ts'
import { Reader, type ReaderDeps } from './reader.ts'
import type { Roster } from './roster.ts'

export type PositionedDeps = ReaderDeps & { readonly roster: Roster; readonly holder: string }

const TURN_MS = 1000
const LOOK_MS = 200

/**
 * Delivers one function's stream for as long as it holds lanes of it; begins once the stream is there.
 * @param after - settles when the same function's trigger before this one has ended.
 */
export function runPositioned(deps: PositionedDeps, given: PositionedTrigger, after: Promise<void> = Promise.resolve()): Running {
  const { control, holder, log, nats, roster, troubles } = deps
  const { functionName } = given
  const stream = natsStream(nats, given.stream)
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let reader: Reader | undefined
  let leases: Leases | undefined
  let turning: Promise<void> = Promise.resolve()

  const begin = async () => {
    await after
    await nats.there()
    const { slots: own } = await stream.state()
    if (stopped) return
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
  const turn = async (): Promise<void> => {
    try {
      if (!leases) await begin()
      await leases?.turn(performance.now(), Date.now())
    } catch (error) {
      log.warn({ err: error, function: functionName, stream: given.stream }, 'the stream is not there yet')
    }
    if (!stopped) timer = setTimeout(next, leases ? TURN_MS : LOOK_MS)
  }
  const next = () => {
    turning = turn()
  }
  next()

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await turning
      clearTimeout(timer)
      await leases?.release()
      await reader?.stop()
    },
  }
}
