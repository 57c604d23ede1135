import { faultTable, verdictTable } from '../report.ts'
import { type DocumentOptions, RECOVERED, runDocumentFaults } from './run.ts'

/** The fault run of documents. Exit code 0 only if both stores hold exactly the distinct documents of the stream, and every other check holds. */
export async function documentsMain({ minutes, seed, say }: DocumentOptions): Promise<number> {
  say(`seed ${seed}: \`npm run chaos -- --documents --minutes ${minutes} --seed ${seed}\` does the same faults in the same order`)
  const { done, verdict } = await runDocumentFaults({ minutes, seed, say })
  say(faultTable(done, RECOVERED))
  say(verdictTable(verdict))
  const failed = verdict.some(({ ok }) => !ok)
  say(failed ? `FAIL with seed ${seed}` : `pass: 0 documents are missing, double, extra or different in either store (seed ${seed})`)
  return failed ? 1 : 0
}
