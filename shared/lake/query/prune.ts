import type { Add } from '../../delta/action.ts'
import { compareUtf8 } from '../../delta/range.ts'
import type { Bound, Condition } from './condition.ts'

/** What a file may hold in one column; `undefined` where that is not known, null where there is no value at all. */
type Span = { readonly least: string; readonly most: string } | null | undefined

/** The types, as the table has them, by lower-case name of the column. */
export type Types = ReadonlyMap<string, { readonly name: string; readonly type: unknown }>

/** Whether a file can have a row that meets the condition, by its partition and statistics. Where that is not known, it can. */
export function mayHold(add: Add, condition: Condition | undefined, types: Types): boolean {
  if (!condition) return true
  const stats = statsOf(add)
  const holds = (one: Condition): boolean => {
    if ('all' in one) return one.all.every(holds)
    if ('any' in one) return one.any.some(holds)
    const column = types.get(one.column)
    if (!column || (column.type !== 'string' && column.type !== 'timestamp')) return true
    const span = spanOf(add, stats, column.name)
    if (span === null) return false
    return span === undefined || (column.type === 'string' ? textsMeet(span, one) : timesMeet(span, one))
  }
  return holds(condition)
}

type Stats = {
  readonly numRecords?: number
  readonly minValues?: Readonly<Record<string, unknown>>
  readonly maxValues?: Readonly<Record<string, unknown>>
  readonly nullCount?: Readonly<Record<string, unknown>>
}

function statsOf({ stats }: Add): Stats {
  try {
    return (JSON.parse(stats ?? '{}') ?? {}) as Stats
  } catch {
    return {}
  }
}

function spanOf({ partitionValues }: Add, { numRecords, minValues, maxValues, nullCount }: Stats, name: string): Span {
  const value = partitionValues[name]
  if (value !== undefined) return value === null || value === '' ? null : { least: value, most: value }
  if (numRecords !== undefined && nullCount?.[name] === numRecords) return null
  const [least, most] = [minValues?.[name], maxValues?.[name]]
  return typeof least === 'string' && typeof most === 'string' ? { least, most } : undefined
}

type Within = { readonly least?: Bound | undefined; readonly most?: Bound | undefined }

/** Texts in the order of their bytes, as statistics and DuckDB have them. A date is compared with a file's one day. */
function textsMeet(span: { readonly least: string; readonly most: string }, { least, most }: Within): boolean {
  const text = (bound: Bound | undefined) => {
    if (bound?.type === 'VARCHAR') return bound.text
    const isDay = span.least === span.most && DAY.test(span.least) && DAY.test(bound?.text ?? '')
    return bound?.type === 'DATE' && isDay ? bound.text : undefined
  }
  const [from, to] = [text(least), text(most)]
  return (from === undefined || compareUtf8(span.most, from) >= 0) && (to === undefined || compareUtf8(span.least, to) <= 0)
}

/** Some writers cut the greatest time down to the ms ("Per-file Statistics"). */
const SLACK_MS = 1

function timesMeet(span: { readonly least: string; readonly most: string }, { least, most }: Within): boolean {
  const [first, last] = [Date.parse(span.least), Date.parse(span.most)]
  const [from, to] = [msOf(least), msOf(most)]
  if (Number.isNaN(first) || Number.isNaN(last)) return true
  return (from === undefined || last + SLACK_MS >= Math.floor(from)) && (to === undefined || first - SLACK_MS <= Math.ceil(to))
}

const DAY = /^\d{4}-\d\d-\d\d$/
const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:Z|\+00(?::?00)?)?)?$/
const TIMES = ['VARCHAR', 'DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE']

/** A constant as ms of UTC, which is the time zone of every query; undefined where it is not plainly a time. */
function msOf(bound: Bound | undefined): number | undefined {
  const [, day, minute = '00:00', second = '00', fraction = ''] = (bound && TIMES.includes(bound.type) && TIME.exec(bound.text)) || []
  if (day === undefined) return undefined
  // A cast to a date leaves the time of day out.
  const text = bound!.type === 'DATE' ? `${day}T00:00:00.000Z` : `${day}T${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
