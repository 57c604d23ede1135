import type { Usage } from './usage.ts'

export type Row = {
  readonly what: string
  readonly unit: 'ticks/s' | 'calls/s' | 'messages/s' | 'documents/s' | 'rows/s' | 'ms' | 'µs' | 's' | 'MiB' | 'bytes' | 'files' | '×'
  readonly median: number
  readonly runs: readonly number[]
  /** What each process used in the last run. */
  readonly usage?: Readonly<Record<string, Usage>> | undefined
}

/** Units that nobody wants to read fractions of. */
const WHOLE = new Set<Row['unit']>(['ticks/s', 'calls/s', 'messages/s', 'documents/s', 'rows/s', 'MiB', 'files'])

const figure = (value: number, unit: Row['unit']) => (WHOLE.has(unit) ? Math.round(value).toLocaleString('en') : value.toFixed(2))

/** The table, and below it what each process used. */
export function show(rows: readonly Row[]): string {
  const lines = ['| what | median | least .. most |', '| --- | --- | --- |']
  for (const { what, unit, median, runs } of rows)
    lines.push(`| ${what} | ${figure(median, unit)} ${unit} | ${figure(Math.min(...runs), unit)} .. ${figure(Math.max(...runs), unit)} |`)
  const used = rows.filter((row) => row.usage)
  if (used.length > 0) lines.push('', '| last run | process | CPU s | memory MiB | at most MiB |', '| --- | --- | --- | --- | --- |')
  for (const { what, usage = {} } of used)
    for (const [name, { cpuSeconds, rssMiB, peakMiB }] of Object.entries(usage))
      lines.push(`| ${what} | ${name} | ${cpuSeconds.toFixed(1)} | ${rssMiB} | ${peakMiB} |`)
  return lines.join('\n')
}
