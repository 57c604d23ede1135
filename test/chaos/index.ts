import { parseArgs } from 'node:util'
import { table } from '../../infra/cli/table.ts'
import { Problem } from '../../infra/stack/problem.ts'
import { hasReferenceData } from '../support/reference.ts'
import { ackedMain } from './acked/index.ts'
import { type Done, runFaults } from './run.ts'

export const HELP = `npm run chaos [-- options]
  the fault run: recorded ticks through a stack of its own, whose parts are killed, frozen and cut off; then every bar and row is compared
  --minutes N   of faults (default 3); the verdict comes after them
  --seed S      the same faults in the same order (default: drawn)
  --acked       messages of acked triggers instead of ticks`

/** The fault run. Exit code 0 only if no bar differs, is missing or extra, and every other check holds. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' }, acked: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new Problem(`--minutes is a number above 0, --seed a whole one\n${HELP}`)
  if (values.acked) return ackedMain({ minutes, seed, say: console.log })
  if (!hasReferenceData) throw new Problem('the fault run plays recorded ticks from ../shared/data, which is not there')
  console.log(`seed ${seed}: \`npm run chaos -- --minutes ${minutes} --seed ${seed}\` does the same faults in the same order`)
  const { done, verdict, messages, published, resumed } = await runFaults({ minutes, seed, say: console.log })
  console.log(['', ...table(['fault', 'times', 'next commit (median)', 'worst'], rowsOf(done))].join('\n'))
  console.log(`${messages} messages on the tape, ${published} published, ${resumed} times begun anew`)
  console.log(
    table(
      ['check', 'found', ''],
      verdict.map(({ check, found, ok }) => [check, found, ok ? 'pass' : 'FAIL']),
    ).join('\n'),
  )
  for (const { check, examples, ok } of verdict) if (!ok) console.log([`${check}:`, ...examples.slice(0, 20)].join('\n  '))
  const failed = verdict.some(({ ok }) => !ok)
  console.log(failed ? `FAIL with seed ${seed}` : `pass: 0 bars differ, are missing or extra (seed ${seed})`)
  return failed ? 1 : 0
}

function rowsOf(done: readonly Done[]): string[][] {
  const times = Map.groupBy(done, ({ name }) => name)
  return [...times]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => {
      const sorted = all.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b)
      return [name, String(all.length), ...[sorted[sorted.length >> 1]!, sorted.at(-1)!].map((ms) => `${Math.round(ms)} ms`)]
    })
}
