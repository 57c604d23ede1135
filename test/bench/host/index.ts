import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { beforeEnd } from '../../support/before-end.ts'
import { inWords, machine } from '../machine.ts'
import { type Row, show } from '../report.ts'
import { startBenchHost } from './bench-host.ts'
import { hops } from './hop.ts'
import { memory } from './memory.ts'
import { scaleOut, starts } from './start.ts'

const HELP = `npm run bench -- host [options]
  --rounds N    how often each measurement is taken: N times some (default 3)
  --only LIST   of hop, start, scale-out, memory (default: all)
  --json FILE   writes everything measured`

/** `npm run bench -- host`: what the local host adds to a call, and how fast a function is there. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: 'hop,start,scale-out,memory' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const [rounds, only] = [Number(values.rounds), values.only.split(',')]
  const on = machine()
  console.log(`${inWords(on)}\n`)
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const host = await startBenchHost()
  const goOn = beforeEnd(() => host.remove())
  const rows: Row[] = []
  try {
    if (only.includes('memory')) rows.push(...(await memory(host)))
    if (only.includes('start')) rows.push(...(await starts(host, rounds, say)))
    if (only.includes('scale-out')) rows.push(...(await scaleOut(host, rounds, say)))
    if (only.includes('hop')) rows.push(...(await hops(host, rounds, say)))
  } finally {
    goOn()
    await host.remove()
  }
  console.log(show(rows))
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: on, rounds, rows }, null, 2)}\n`)
  return 0
}
