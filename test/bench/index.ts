import { startOwnStack } from '../support/own-stack.ts'
import { main as benchAcked } from './acked/index.ts'
import { remove } from './client.ts'
import { benchCommand } from './command.ts'
import { main as benchDev } from './dev/index.ts'
import { main as benchDocuments } from './documents/index.ts'
import { main as benchHost } from './host/index.ts'
import { main as benchLake } from './lake/index.ts'
import { latency, rest } from './latency.ts'
import { peer } from './peers/run.ts'
import { recoveries } from './recovery.ts'
import type { Row } from './report.ts'
import { main as benchSearch } from './search/index.ts'
import { exchangeTape } from './tape.ts'
import { drain, fill, type Run } from './throughput.ts'
import { hundredSymbolsTape, spyTape } from './ticks.ts'
import { main as benchUpkeep } from './upkeep/index.ts'
import { median } from './usage.ts'

export const HELP = `npm run bench [-- options]
npm run bench -- acked [options]    acked triggers alone: throughput, latency, repeats after an outage, dead letters redriven
npm run bench -- dev [options]      trade2026 dev alone: from a save to the new code running
npm run bench -- documents          near-duplicates, sentiment beside baselines, languages of titles, time a document takes
npm run bench -- host [options]     the local host alone: what it adds to a call, and how fast a function is there
npm run bench -- lake [options]     ticks to committed rows of the lake alone
npm run bench -- search [options]   documents to search index and lake, searches among them, beside a plain bulk script
npm run bench -- upkeep [options]   a day of flushes, and what upkeep of the lake makes of it
  --rounds N    interleaved rounds of each throughput measurement (default 3)
  --ticks N     most ticks of a tape (default: all, about 1.9 million)
  --only LIST   of throughput, latency, recovery (default: all)
  --json FILE   writes everything measured`

type Measured = { readonly what: string; readonly runs: number[]; readonly usage?: Run['usage'] | undefined }

/** `npm run bench`: the shipped configuration on servers of its own, beside what one would use instead, on the same ticks in the same run. */
export async function main(args: string[]): Promise<number> {
  if (args[0] === 'acked') return benchAcked(args.slice(1))
  if (args[0] === 'dev') return benchDev(args.slice(1))
  if (args[0] === 'documents') return benchDocuments(args.slice(1))
  if (args[0] === 'host') return benchHost(args.slice(1))
  if (args[0] === 'lake') return benchLake(args.slice(1))
  if (args[0] === 'search') return benchSearch(args.slice(1))
  if (args[0] === 'upkeep') return benchUpkeep(args.slice(1))
  return benchCommand(args, {
    help: HELP,
    options: { ticks: '3000000' },
    async start(option, say) {
      const stack = await startOwnStack({ say })
      // Each path is measured by itself; side by side they share the two cores.
      await remove(stack, ['flush-batch', 'lake-upkeep'])
      return { stack, most: Number(option('ticks')), stop: stack.discard }
    },
    parts: {
      throughput: ({ stack, most }, rounds, say) => throughput(stack, rounds, most, say),
      latency: ({ stack }, _, say) => latencies(stack, say),
      recovery: ({ stack }, _, say) => recovery(stack, say),
    },
  })
}

type OwnStack = Awaited<ReturnType<typeof startOwnStack>>

/** Every tape through our path with 1 and 4 readers, and through the peers; one round after the other, so that a slow moment hits all alike. */
async function throughput(stack: OwnStack, rounds: number, most: number, say: (line: string) => void): Promise<Row[]> {
  await stack.process('trigger-0').stop()
  const tapes = { 'SPY, one symbol': await spyTape(), '100 symbols': await hundredSymbolsTape() }
  const measured = new Map<string, Measured>()
  const note = (what: string, ticksPerSecond: number, usage?: Run['usage']) => {
    say(`  ${what}: ${Math.round(ticksPerSecond).toLocaleString('en')} ticks/s`)
    const runs = [...(measured.get(what)?.runs ?? []), ticksPerSecond]
    measured.set(what, { what, runs, usage: usage ?? measured.get(what)?.usage })
  }
  let life = 0
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`)
    for (const [name, tape] of Object.entries(tapes)) {
      for (const [readers, perMessage] of [
        [1, 1],
        [4, 1],
        [1, 20],
      ] as const) {
        const { messages } = await fill(stack, exchangeTape(tape, `bench${++life}`, perMessage, most), perMessage)
        const { ticksPerSecond, usage } = await drain(stack, readers, perMessage)
        note(
          `${name}, ${readers} reader${readers > 1 ? 's' : ''}${perMessage > 1 ? `, ${perMessage} ticks a message` : ''}`,
          ticksPerSecond,
          usage,
        )
        if (perMessage > 1 || readers > 1) continue
        for (const other of ['plain-consumer', 'questdb-ilp'] as const)
          note(`${name}, ${other}`, (await peer(other, stack, messages)).ticksPerSecond)
      }
    }
  }
  await stack.process('trigger-0').start()
  return [...measured.values()].map(({ what, runs, usage }) => ({ what, unit: 'ticks/s', median: median(runs), runs, usage }))
}

async function latencies(stack: OwnStack, say: (line: string) => void): Promise<Row[]> {
  const tape = await hundredSymbolsTape()
  const messages = exchangeTape(tape, 'latency', 1)
  const rows: Row[] = []
  for (const rate of [1_000, 10_000, 50_000]) {
    await rest(stack)
    const { p50Ms, p99Ms } = await latency(stack, messages, rate, 10)
    say(`  publish to committed at ${rate}/s: P50 ${p50Ms.toFixed(2)} ms, P99 ${p99Ms.toFixed(2)} ms`)
    rows.push({ what: `publish to committed, ${rate}/s, P50`, unit: 'ms', median: p50Ms, runs: [p50Ms] })
    rows.push({ what: `publish to committed, ${rate}/s, P99`, unit: 'ms', median: p99Ms, runs: [p99Ms] })
  }
  return rows
}

async function recovery(stack: OwnStack, say: (line: string) => void): Promise<Row[]> {
  const messages = exchangeTape(await hundredSymbolsTape(), 'recovery', 1)
  await rest(stack)
  const results = await recoveries(stack, messages, 5)
  for (const { what, seconds } of results) say(`  kill -9 of ${what} to the next commit: ${seconds.map((s) => s.toFixed(2)).join(', ')} s`)
  return results.map(({ what, seconds }) => ({
    what: `kill -9 of ${what} to the next commit`,
    unit: 's',
    median: median(seconds),
    runs: [...seconds],
  }))
}
