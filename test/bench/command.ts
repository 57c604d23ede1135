import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { inWords, machine, stolen } from './machine.ts'
import { type Row, show } from './report.ts'

type Say = (line: string) => void

/** A bench: what it measures on, and its parts in the order in which they are measured. */
export type Bench<Rig extends { stop(): Promise<void> }> = {
  readonly help: string
  /** Options of its own, which take a value, with their defaults; '' where there is none. */
  readonly options?: Readonly<Record<string, string>>
  /** `stop` of what it gives is called at the end, and by itself when a signal ends the process. */
  readonly start: (option: (name: string) => string, say: Say) => Promise<Rig>
  readonly parts: Readonly<Record<string, (rig: Rig, rounds: number, say: Say) => Promise<Row[]>>>
}

/** Reads the options, names the machine, measures, shows the table and writes the JSON. @returns the exit code. */
export async function benchCommand<Rig extends { stop(): Promise<void> }>(args: string[], bench: Bench<Rig>): Promise<number> {
  const own = Object.entries(bench.options ?? {}).map(([name, value]) => [name, { type: 'string' as const, default: value }])
  const { values } = parseArgs({
    args,
    options: {
      ...(Object.fromEntries(own) as Record<string, { type: 'string'; default: string }>),
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: Object.keys(bench.parts).join(',') },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(bench.help)
    return 0
  }
  const [rounds, only] = [Number(values.rounds), values.only.split(',')]
  const on = machine()
  console.log(`${inWords(on)}\n`)
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const rig = await bench.start((name) => String((values as Record<string, unknown>)[name]), say)
  const rows: Row[] = []
  try {
    for (const [part, measure] of Object.entries(bench.parts)) {
      if (!only.includes(part)) continue
      const share = stolen()
      rows.push(...(await measure(rig, rounds, say)))
      say(`${part}: meanwhile ${(100 * share()).toFixed(1)} % of the processors' time went to others on the same host`)
    }
  } finally {
    await rig.stop()
  }
  console.log(show(rows))
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: on, rounds, rows }, null, 2)}\n`)
  return 0
}
