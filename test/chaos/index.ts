import { parseArgs } from 'node:util'
import { Problem } from '../../infra/stack/problem.ts'
import { hasReferenceData } from '../support/reference.ts'
import { ackedMain } from './acked/index.ts'
import { documentsMain } from './documents/index.ts'
import { faultTable, verdictTable } from './report.ts'
import { RECOVERED, runFaults } from './run.ts'

export const HELP = `npm run chaos [-- options]
  the fault run: recorded ticks through a stack of its own, whose parts are killed, frozen and cut off; then every bar and row is compared
  --minutes N   of faults (default 3); the verdict comes after them
  --seed S      the same faults in the same order (default: drawn)
  --acked       messages of acked triggers instead of ticks
  --documents   documents instead of ticks; then the search index and the lake are compared with what was published`

/** The fault run. Exit code 0 only if no bar differs, is missing or extra, and every other check holds. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string' },
      acked: { type: 'boolean' },
      documents: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new Problem(`--minutes is a number above 0, --seed a whole one\n${HELP}`)
  if (values.acked && values.documents) throw new Problem(`--acked or --documents, not both\n${HELP}`)
  if (values.acked) return ackedMain({ minutes, seed, say: console.log })
  if (values.documents) return documentsMain({ minutes, seed, say: console.log })
  if (!hasReferenceData) throw new Problem('the fault run plays recorded ticks from ../shared/data, which is not there')
  console.log(`seed ${seed}: \`npm run chaos -- --minutes ${minutes} --seed ${seed}\` does the same faults in the same order`)
  const { done, verdict, messages, published, resumed } = await runFaults({ minutes, seed, say: console.log })
  console.log(faultTable(done, RECOVERED))
  console.log(`${messages} messages on the tape, ${published} published, ${resumed} times begun anew`)
  console.log(verdictTable(verdict))
  const failed = verdict.some(({ ok }) => !ok)
  console.log(failed ? `FAIL with seed ${seed}` : `pass: 0 bars differ, are missing or extra (seed ${seed})`)
  return failed ? 1 : 0
}
