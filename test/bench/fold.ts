import { parseBatch } from '../../shared/contract/framing.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { Fold } from '../../shared/domain/fold.ts'
import { SlotState } from '../../shared/domain/slot-state.ts'
import { settings } from '../support/fold-runner.ts'
import { type RealTick, realTicks } from '../support/real-data.ts'
import { type TickMessage, tickBatch } from '../support/tick-batch.ts'

/**
 * `node test/bench/fold.ts`: what one thread does from the bytes of a batch to what a commit would write, without servers.
 * Each round is paired with JSON.parse alone on the same ticks, because machines and their neighbours differ.
 */
const BATCH = 5_000
const ROUNDS = 5

type Load = { readonly name: string; readonly bodies: Uint8Array[]; readonly ticks: number; readonly sample: string[] }

function load(name: string, ticks: Iterable<RealTick>, symbols: readonly string[]): Load {
  const bodies: Uint8Array[] = []
  const sample: string[] = []
  let waiting: TickMessage[] = []
  let seq = 0
  const flush = () => {
    if (waiting.length > 0) bodies.push(tickBatch(waiting))
    waiting = []
  }
  for (const tick of ticks) {
    for (const symbol of symbols) {
      const text = realTicks.toJson(tick, symbol)
      if (sample.length < 200_000) sample.push(text)
      waiting.push({ seq: ++seq, subject: `ticks.x.${symbol}`, text, brokerMs: Number(tick.tsNs.slice(0, -6)) })
      if (waiting.length === BATCH) flush()
    }
  }
  flush()
  return { name, bodies, ticks: seq, sample }
}

/** Folds everything once. @returns ticks/s, CPU µs a tick, and what a mean batch would write. */
function fold({ bodies, ticks }: Load) {
  const states = new Map(Array.from({ length: STREAMS.MARKET_TICKS.slots }, (_, slot) => [slot, new SlotState()]))
  const folding = new Fold(STREAMS.MARKET_TICKS.slots, settings)
  let bytes = 0
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (const body of bodies) {
    folding.advance(states, parseBatch(body))
    for (const state of states.values()) for (const [, value] of state.takeChanges(settings).puts) bytes += value.length
  }
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: ticks / seconds, cpuMicros: (user + system) / ticks, kibPerBatch: bytes / bodies.length / 1_024 }
}

function parseAlone(sample: readonly string[]): number {
  const started = performance.now()
  for (const text of sample) JSON.parse(text)
  return sample.length / ((performance.now() - started) / 1_000)
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

if (!realTicks.available) console.log('needs ../shared/data')
else {
  const loads = [
    () => load('SPY, one symbol', realTicks.read('lean-spy'), ['SPY']),
    () =>
      load(
        'BTCUSDT disordered, as 100 symbols',
        realTicks.disordered(),
        Array.from({ length: 100 }, (_, i) => `S${i}`),
      ),
  ]
  for (const make of loads) {
    const prepared = make()
    const rounds = Array.from({ length: ROUNDS }, () => ({ ...fold(prepared), json: parseAlone(prepared.sample) }))
    const of = (name: 'perSecond' | 'cpuMicros' | 'kibPerBatch' | 'json') => median(rounds.map((round) => round[name]))
    console.log(
      `${prepared.name}: ${Math.round(of('perSecond')).toLocaleString('en')} ticks/s, ${of('cpuMicros').toFixed(2)} µs CPU a tick, ` +
        `${of('kibPerBatch').toFixed(0)} KiB a commit of ${BATCH}; JSON.parse alone ${Math.round(of('json')).toLocaleString('en')}/s`,
    )
  }
}
