import type { Stack } from '../../../infra/stack/stack.ts'
import type { Row } from '../report.ts'
import { exchangeTape } from '../tape.ts'
import { fill } from '../throughput.ts'
import { hundredSymbolsTape, spyTape, type TickTape } from '../ticks.ts'
import { median } from '../usage.ts'
import { drained } from './drain.ts'
import { type Commit, lakePeer, PEERS } from './peers/run.ts'

/** Rows of a commit, of all readers together: fewer than usual, so that a tape makes several commits. */
const COMMIT_ROWS = 150_000
/** The peers take so many of the messages: they are slow. */
const PEER_ROWS = 3 * COMMIT_ROWS
/** Rows that no more come to are committed after so long: the end of a tape, which is not in the rates. */
const FLUSH_MS = 3_000

type Run = { readonly rate: number; readonly cpuMicros: number; readonly bytes: number; readonly peakMiB: number }
type Measured = { readonly runs: Run[]; usage?: Row['usage'] }

/**
 * From the stream to committed rows. Everything is measured once a round, so that a slow moment hits all alike; the peers read the very messages that
 * ours has read, the first of them.
 */
export async function committed(stack: Stack, { rounds, most }: { rounds: number; most: number }, say: (line: string) => void) {
  const tapes = { SPY: await spyTape(), '100 symbols': await hundredSymbolsTape() }
  const measured = new Map<string, Measured>()
  const note = (what: string, run: Run, usage?: Row['usage']) => {
    const { rate, cpuMicros, bytes, peakMiB } = run
    say(
      `  ${what}: ${Math.round(rate)} rows/s, CPU ${cpuMicros.toFixed(1)} µs and ${bytes.toFixed(1)} bytes a row, at most ${Math.round(peakMiB)} MiB`,
    )
    measured.set(what, { runs: [...(measured.get(what)?.runs ?? []), run], usage })
  }
  const ours = async (name: keyof typeof tapes, readers: number, life: string, perMessage = 1): Promise<number> => {
    const { ticks: rows } = await fill(stack, exchangeTape(tapes[name] as TickTape, life, perMessage, most), perMessage)
    const env = { LAKE_FLUSH_ROWS: String(COMMIT_ROWS / readers), LAKE_FLUSH_MS: String(FLUSH_MS), LAKE_RUN: life }
    const { commits, bytes, usage } = await drained(stack, rows, { readers, env })
    const { cpuSeconds, peakMiB } = usage['function flush-batch']!
    const run = { rate: rateOf(commits, rows), cpuMicros: (cpuSeconds * 1e6) / rows, bytes: bytes / rows, peakMiB }
    const many = perMessage > 1 ? `, ${perMessage} ticks a message` : ''
    note(`trade2026, ${name}, ${readers} reader${readers > 1 ? 's' : ''}${many}`, run, usage)
    return rows
  }
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`)
    const messages = Math.min(PEER_ROWS, await ours('SPY', 1, `spy1r${round}`))
    for (const peer of PEERS) {
      const { commits, cpuSeconds, bytes, peakMiB } = await lakePeer(peer, stack, messages, COMMIT_ROWS)
      note(`${peer}, SPY`, { rate: rateOf(commits, messages), cpuMicros: (cpuSeconds * 1e6) / messages, bytes: bytes / messages, peakMiB })
    }
    await ours('SPY', 4, `spy4r${round}`)
    await ours('SPY', 1, `spy20r${round}`, 20)
    await ours('100 symbols', 4, `hundred4r${round}`)
  }
  const ratios = PEERS.map((peer): Row => {
    const [ours, theirs] = ['trade2026, SPY, 1 reader', `${peer}, SPY`].map((what) => measured.get(what)!.runs)
    const runs = ours!.map(({ rate }, round) => rate / theirs![round]!.rate)
    return { what: `trade2026, SPY, 1 reader, beside ${peer}, round by round`, unit: '×', median: median(runs), runs }
  })
  return [...ratios, ...[...measured].flatMap(([what, { runs, usage }]) => rowsOf(what, runs, usage))]
}

/** Rows a second from the first commit to the last full one, so that neither a process that starts nor the last rows' waiting time is in it. */
function rateOf(commits: readonly Commit[], rows: number): number {
  const first = commits[0]!
  const last = commits.findLast((commit) => commit.rows <= rows - (rows % COMMIT_ROWS)) ?? first
  return (last.rows - first.rows) / ((last.ms - first.ms) / 1000)
}

function rowsOf(what: string, runs: readonly Run[], usage: Row['usage']): Row[] {
  const row = (name: keyof Run, text: string, unit: Row['unit']): Row => {
    const values = runs.map((run) => run[name])
    return { what: `${what}${text}`, unit, median: median(values), runs: values }
  }
  return [
    { ...row('rate', '', 'rows/s'), usage },
    row('cpuMicros', ': CPU a row', 'µs'),
    row('bytes', ': in the file, a row', 'bytes'),
    row('peakMiB', ': memory at most', 'MiB'),
  ]
}
