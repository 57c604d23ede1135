import { parseArgs } from 'node:util'
import { connect } from '@nats-io/transport-node'
import { readSettings } from '../../infra/stack/settings.ts'
import { startOwnStack } from '../support/own-stack.ts'
import { board, type Finding, type OwnPlace, type Place, type Row, run } from './board.ts'
import { A7, documents } from './rows/documents.ts'
import { A1, A2, A3, cached, firstTick, row } from './rows/first-tick.ts'
import { A5, A6, listed, outage } from './rows/lake.ts'
import { LATER } from './rows/later.ts'
import { A4, load } from './rows/load.ts'
import { A10, A16, restartAll, restartNats } from './rows/restarts.ts'
import { A14, servers } from './rows/servers.ts'

export const HELP = `trade2026 accept [--here]
  the acceptance board in a stack of its own, which it starts and discards (some four minutes)
  --here   in the stack that runs: only what neither loads nor restarts it`

/** The acceptance board: the seeds' rows, measured. Exit code 1 if any fails; what is not built yet is neither passed nor failed. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { here: { type: 'boolean', default: false }, help: { type: 'boolean' } } })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const findings = values.here ? await here() : await fresh()
  console.log(board(findings).join('\n'))
  const count = (result: Finding['result']) => findings.filter((finding) => finding.result === result).length
  console.log(
    `${count('pass')} pass, ${count('FAIL')} fail, ${count('not built yet')} not built yet${values.here ? `, ${count('left out')} left out here` : ''}`,
  )
  return count('FAIL') > 0 ? 1 : 0
}

const later: Finding[] = LATER.map((one) => ({ ...one, measured: '', result: 'not built yet' }))

/** In a stack of its own: every row. A4 and A10 wait for the same last minute, side by side. */
async function fresh(): Promise<Finding[]> {
  const say = told()
  const stack = await startOwnStack({ say, late: true })
  await stack.late
  const connection = await connect({ servers: stack.urls.NATS_URL, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const place: OwnPlace = { settings: stack.settings, connection, exchange: 'binance', stack }
  try {
    await stack.late
    const first = await firstRows(place, say)
    say('A4: 100,000 ticks, three times at full speed and once paced')
    const loaded = Promise.withResolvers<void>()
    const second = await Promise.all([
      run(A4, () => load(place, loaded.resolve)),
      loaded.promise.then(() => {
        say('A10: NATS restarts under a feed; then the last bars close after a quiet minute')
        return run(A10, () => restartNats(place))
      }),
    ])
    say('A6: the object store is killed, flush-batch told to end')
    const lake = await run(A6, () => outage(place))
    say('A16: the whole stack stops and starts')
    return [...first, ...second, lake, await run(A16, () => restartAll(place)), ...later]
  } finally {
    await connection.close()
    await place.stack.discard()
  }
}

/** In the stack that runs: what neither loads nor restarts it. The first tick comes from an exchange of its own. */
async function here(): Promise<Finding[]> {
  const say = told()
  const settings = readSettings()
  const connection = await connect({ servers: settings.urls.NATS_URL })
  const leftOut = (one: Row, why: string): Finding => ({ ...one, measured: why, result: 'left out' })
  try {
    return [
      ...(await firstRows({ settings, connection, exchange: `accept-${Date.now()}` }, say)),
      leftOut(A4, 'would put 400,000 ticks among yours'),
      leftOut(A6, 'would kill your object store'),
      leftOut(A10, 'would restart your NATS'),
      leftOut(A16, 'would restart your stack'),
      ...later,
    ]
  } finally {
    await connection.close()
  }
}

async function firstRows(place: Place, say: (line: string) => void): Promise<Finding[]> {
  const health = await run(A14, () => servers(place))
  say('A1: one tick, and its bar a quiet minute later')
  const bar = await run(A1, () => firstTick(place))
  say('A5: the tick is in the lake')
  const tick = [await run(A2, () => row(place)), await run(A3, () => cached(place)), await run(A5, () => listed(place))]
  say('A7: documents to the index and the lake')
  return [health, bar, ...tick, await run(A7, () => documents(place))]
}

const told = () => {
  const started = performance.now()
  return (line: string) => console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`)
}
