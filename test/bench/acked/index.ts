import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { beforeEnd } from '../../support/before-end.ts'
import { inWords, machine } from '../machine.ts'
import { type Row, show } from '../report.ts'
import { throughput } from './drain.ts'
import { idle, steady } from './latency.ts'
import { redriven } from './redrive.ts'
import { startRig } from './rig.ts'
import { storm } from './storm.ts'

const HELP = `npm run bench -- acked [options]
  --rounds N      how often each throughput is measured (default 3)
  --only LIST     of throughput, latency, idle, storm, redrive (default: all)
  --profile DIR   writes CPU profiles of trigger, gateway and function
  --json FILE     writes everything measured`

/** `npm run bench -- acked`: what acked triggers do with a function that does nothing, beside a plain consumer that POSTs message by message. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: 'throughput,latency,idle,storm,redrive' },
      profile: { type: 'string' },
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
  console.log(`${inWords(on)}
`)
  const say = (line: string) => process.stderr.write(`  ${line}\n`)
  const rig = await startRig(values.profile)
  const goOn = beforeEnd(rig.stop)
  const rows: Row[] = []
  try {
    if (only.includes('throughput')) rows.push(...(await throughput(rig, rounds, say)))
    if (only.includes('latency')) rows.push(...(await steady(rig, say)))
    if (only.includes('idle')) rows.push(...(await idle(rig, say)))
    if (only.includes('storm')) rows.push(...(await storm(rig, say)))
    if (only.includes('redrive')) rows.push(...(await redriven(rig, rounds, say)))
  } finally {
    goOn()
    await rig.stop()
  }
  console.log(show(rows))
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: on, rounds, rows }, null, 2)}\n`)
  return 0
}
