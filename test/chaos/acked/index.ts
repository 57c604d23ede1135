import { table } from '../../../infra/cli/table.ts'
import { type AckedOptions, runAcked } from './run.ts'

/** The fault run of acked functions. Exit code 0 only if every message is settled or in the dead letters, and order was kept where asked for. */
export async function ackedMain({ minutes, seed, say }: AckedOptions): Promise<number> {
  say(`seed ${seed}: \`npm run chaos -- --acked --minutes ${minutes} --seed ${seed}\` kills the same processes in the same order`)
  const { kills, published, findings } = await runAcked({ minutes, seed, say })
  const counts = [...kills].sort().map(([target, times]) => [target, String(times)])
  say(['', ...table(['kill -9', 'times'], counts)].join('\n'))
  const rows = findings.map(({ functionName, taken, again, buried, missing, disordered }) =>
    [functionName, taken, again, buried, missing.length, disordered.length].map(String),
  )
  say(table(['function', 'taken', 'taken again', 'dead letters', 'neither', 'keys out of order'], rows).join('\n'))
  for (const { functionName, missing, disordered } of findings)
    if (missing.length + disordered.length > 0) say(`${functionName}: ${missing.slice(0, 20).join(', ')} ${disordered.join(', ')}`)
  const failed = findings.some(({ missing, disordered }) => missing.length + disordered.length > 0)
  say(failed ? `FAIL with seed ${seed}` : `pass: of ${published} messages 0 are neither settled nor in the dead letters (seed ${seed})`)
  return failed ? 1 : 0
}
