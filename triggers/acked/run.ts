import type { TriggerMetrics } from '../metrics.ts'
import { Leases } from '../positioned/lease.ts'
import type { Roster } from '../positioned/roster.ts'
import type { Running } from '../running.ts'
import type { AckedTrigger } from '../trigger.ts'
import { takeTurns } from '../turns.ts'
import { Worker, type WorkerDeps } from './worker.ts'

export type AckedDeps = Omit<WorkerDeps, 'metrics'> & {
  readonly metrics: Pick<TriggerMetrics, 'acked'>
  readonly roster: Roster
  readonly holder: string
}

const TURN_MS = 1000
const LOOK_MS = 200
/** A lease is taken over when it was not renewed for 3 s; what was renewed within this time is still this process's. */
const SURE_MS = 2500

/**
 * Delivers one function's messages beside the other trigger processes; where order is kept, one process at a time does, and another takes over from it.
 * @param listedMs - when the functions were last asked for before this trigger was found.
 * @param after - settles when the same function's trigger before this one has ended.
 */
export function runAcked(deps: AckedDeps, trigger: AckedTrigger, listedMs: number, after: Promise<void> = Promise.resolve()): Running {
  const { control, holder, log, nats, roster, troubles } = deps
  const { functionName } = trigger
  const isShared = trigger.order.kind === 'none'
  const metrics = deps.metrics.acked(functionName)
  let worker: Worker | undefined
  let sureUntilMs = 0
  const mayCall = () => isShared || performance.now() < sureUntilMs

  const leases = new Leases({
    control,
    holder,
    functionName,
    readers: 1,
    alive: () => roster.alive,
    onTake() {
      log.info({ function: functionName }, 'order is kept here now')
    },
    async onGive() {
      const one = worker
      worker = undefined
      await one?.stop()
    },
    troubles,
  })
  const turns = takeTurns(async (isStopped) => {
    try {
      await after
      // Whoever waits for its turn, or for the server, says so: of those that deliver in turns, one alone says otherwise.
      if (!worker) metrics.ready(false)
      await nats.there()
      if (isStopped()) return
      const startedMs = performance.now()
      if (!isShared && (await leases.turn(startedMs, Date.now())) && leases.holds(0)) sureUntilMs = startedMs + SURE_MS
      if (!isStopped() && !worker && mayCall()) worker = await Worker.open({ ...deps, metrics }, trigger, listedMs, mayCall)
    } catch (error) {
      log.warn({ err: error, function: functionName, stream: trigger.stream }, 'the stream is not there yet')
    }
    if (isShared) return worker ? undefined : LOOK_MS
    return TURN_MS
  })

  return {
    async stop() {
      await turns.stop()
      await leases.release()
      await worker?.stop()
      metrics.gone()
    },
  }
}
