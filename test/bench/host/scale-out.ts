import { setTimeout as sleep } from 'node:timers/promises'
import { fill } from '../acked/drain.ts'
import { type Rig, startRig } from '../acked/rig.ts'
import type { Row } from '../report.ts'
import { median } from '../usage.ts'

const MESSAGES = 100_000
const REPLICAS = 4
/** So many calls at once that the gateway sees more than three replicas are meant for, also where the trigger is held up by all that shares the machine. */
const ANNOTATIONS = { 'trigger.batch': '1', 'trigger.concurrency': '64', 'scale.target': '4' }
const LABELS = { 'com.openfaas.scale.max': String(REPLICAS) }

/** How long it takes from a step of messages, which one replica is not meant for, until all replicas are ready, and until all messages are settled. */
export async function scaleOut(rounds: number, say: (line: string) => void): Promise<Row[]> {
  const rig = await startRig()
  const [ready, settled]: [number[], number[]] = [[], []]
  try {
    for (let i = 0; i < rounds; i++) {
      const { readyMs, settledMs } = await step(rig)
      settled.push(settledMs / 1000)
      if (readyMs !== undefined) ready.push(readyMs)
      const grown = readyMs === undefined ? `never ${REPLICAS} replicas` : `${REPLICAS} replicas after ${readyMs.toFixed(0)} ms`
      say(`  step of ${MESSAGES.toLocaleString('en')} messages: ${grown}, all settled after ${(settledMs / 1000).toFixed(1)} s`)
    }
  } finally {
    await rig.stop()
  }
  const what = `step of ${MESSAGES.toLocaleString('en')} messages`
  const rows: Row[] = [
    { what: `${what} to all settled, batch 1, up to ${REPLICAS} replicas`, unit: 's', median: median(settled), runs: settled },
  ]
  // Calls that leave as fast as they come need no more replicas: then there is nothing to tell.
  const of = ready.length < rounds ? ` (in ${ready.length} of ${rounds} rounds)` : ''
  if (ready.length > 0) rows.unshift({ what: `${what} to ${REPLICAS} replicas${of}`, unit: 'ms', median: median(ready), runs: ready })
  return rows
}

async function step(rig: Rig): Promise<{ readyMs: number | undefined; settledMs: number }> {
  await rig.deploy(ANNOTATIONS, LABELS)
  await rig.trigger.start()
  while ((await rig.unsettled()) === undefined) await sleep(20)
  const startedMs = performance.now()
  let readyMs: number | undefined
  const filled = fill(rig, MESSAGES)
  let isFilled = false
  void filled.then(() => {
    isFilled = true
  })
  while (!isFilled || (await rig.unsettled()) !== 0) {
    if (readyMs === undefined && (await rig.replicas()) === REPLICAS) readyMs = performance.now() - startedMs
    await sleep(20)
  }
  const settledMs = performance.now() - startedMs
  await filled
  await rig.trigger.stop()
  await rig.remove()
  return { readyMs, settledMs }
}
