import { table } from '../../infra/cli/table.ts'
import type { Done } from './in-order.ts'

/** One thing that must hold at the end. */
export type Check = { readonly check: string; readonly found: string; readonly ok: boolean; readonly examples: readonly string[] }
export type Verdict = readonly Check[]

/** The faults that were done, and how long it took until they were over. */
export const faultTable = (done: readonly Done[], recovered: string): string =>
  ['', ...table(['fault', 'times', `${recovered} (median)`, 'worst'], rowsOf(done))].join('\n')

/** What was found of each check, with examples of what fails. */
export function verdictTable(verdict: Verdict): string {
  const rows = verdict.map(({ check, found, ok }) => [check, found, ok ? 'pass' : 'FAIL'])
  const examples = verdict.filter(({ ok }) => !ok).map((one) => [`${one.check}:`, ...one.examples.slice(0, 20)].join('\n  '))
  return [...table(['check', 'found', ''], rows), ...examples].join('\n')
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
