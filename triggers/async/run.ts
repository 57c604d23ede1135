import { natsBodies } from '../../shared/adapters/nats/bodies.ts'
import { natsSubjects } from '../../shared/adapters/nats/subjects.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { type AckedDeps, runAcked } from '../acked/run.ts'
import type { Running } from '../running.ts'
import { takeTurns } from '../turns.ts'
import { createCalls } from './call.ts'
import { createCallbackCalls } from './callback.ts'
import { createCallbacks } from './callbacks.ts'
import { nameOf, type Queue, queueOf, triggerOf } from './queues.ts'

/** How long the first call of a function may lie unseen. */
const LOOK_MS = 250
/** A queue that was empty for so long is left. */
const IDLE_MS = 60_000

type One = { readonly running: Running; busyMs: number }

/** Delivers asynchronous calls and their callbacks, each function's apart, beside the other trigger processes that do the same. */
export function runAsync(deps: Omit<AckedDeps, 'invoke'>, gatewayUrl: string): Running {
  const { nats, publisher, troubles, log } = deps
  const bodies = natsBodies(nats, publisher)
  const callbacks = createCallbacks(publisher, bodies)
  const kinds = {
    call: { ...deps, publisher: callbacks.letters, invoke: createCalls({ gatewayUrl, bodies, callbacks, log }) },
    callback: { ...deps, invoke: createCallbackCalls(bodies) },
  }
  const subjects = natsSubjects(nats, STREAMS.ASYNC.name)
  const open = new Map<string, One>()
  const ending = new Map<string, Promise<void>>()

  const begin = (queue: Queue): One => ({
    running: runAcked(kinds[queue.kind], triggerOf(queue), performance.now(), ending.get(nameOf(queue))),
    busyMs: 0,
  })
  const end = (name: string) => {
    const one = open.get(name)
    open.delete(name)
    ending.set(name, one?.running.stop() ?? Promise.resolve())
  }
  const look = async (isStopped: () => boolean) => {
    const waiting = await subjects()
    if (isStopped()) return
    const nowMs = performance.now()
    for (const subject of waiting.keys()) {
      const queue = queueOf(subject)
      if (!queue) continue
      const name = nameOf(queue)
      const one = open.get(name) ?? begin(queue)
      one.busyMs = nowMs
      open.set(name, one)
    }
    for (const [name, { busyMs }] of open) if (nowMs - busyMs > IDLE_MS) end(name)
  }
  const turns = takeTurns(async (isStopped) => {
    if (nats.now()) await troubles.watch('the look at asynchronous calls', look(isStopped))
    return LOOK_MS
  })

  return {
    async stop() {
      await turns.stop()
      for (const name of [...open.keys()]) end(name)
      await Promise.all(ending.values())
    },
  }
}
