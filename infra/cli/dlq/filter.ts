import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { Problem } from '../../stack/problem.ts'
import { wholeNumber } from '../option.ts'

/** Which letters, as the command line says it. */
export type FilterOptions = {
  readonly function?: readonly string[]
  readonly code?: readonly string[]
  readonly subject?: readonly string[]
  readonly since?: string
  readonly until?: string
  readonly limit?: string
}

/** Which letters: all that every given condition takes, the oldest first, at most `limit`. */
export type Filter = {
  readonly functions: readonly string[]
  readonly codes: readonly string[]
  readonly subjects: readonly string[]
  /** When the letter was written, ms: from (that moment included), to (not included). */
  readonly sinceMs: number | undefined
  readonly untilMs: number | undefined
  readonly limit: number
}

/** Reads the options. @throws {Problem} naming the one that is wrong. */
export function parseFilter(options: FilterOptions, nowMs: number): Filter {
  const [functions, codes, subjects] = [options.function ?? [], options.code ?? [], options.subject ?? []]
  for (const name of functions) if (!/^[\w-]+$/.test(name)) throw new Problem(`--function is the name of a function, not ${name}`)
  const sinceMs = timeOf('--since', options.since, nowMs)
  const untilMs = timeOf('--until', options.until, nowMs)
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) throw new Problem('--since is not before --until')
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit)
  return { functions, codes, subjects, sinceMs, untilMs, limit }
}

/** Whether anything but the number of letters is asked for. */
export const isNarrow = ({ functions, codes, subjects, sinceMs, untilMs }: Filter): boolean =>
  functions.length + codes.length + subjects.length > 0 || sinceMs !== undefined || untilMs !== undefined

/** Whether a function's name is the only condition: then the server itself can find all of them. */
export const isByFunction = ({ codes, subjects, sinceMs, untilMs, limit }: Filter): boolean =>
  codes.length + subjects.length === 0 && sinceMs === undefined && untilMs === undefined && limit === Number.POSITIVE_INFINITY

/** Whether a filter takes a letter; its functions and its beginning are the server's part. */
export function takes({ codes, subjects, untilMs }: Filter, { code, subject, writtenMs }: FoundLetter): boolean {
  if (untilMs !== undefined && writtenMs >= untilMs) return false
  if (codes.length > 0 && !codes.includes(code ?? '')) return false
  return subjects.length === 0 || subjects.some((pattern) => isMatch(pattern, subject ?? ''))
}

/** Wildcards as in NATS: `*` is one token, `>` at the end is one or more. */
function isMatch(pattern: string, subject: string): boolean {
  const tokens = subject.split('.')
  const wanted = pattern.split('.')
  const hasRest = wanted.at(-1) === '>'
  if (hasRest ? tokens.length < wanted.length : tokens.length !== wanted.length) return false
  return wanted.every((token, i) => token === '*' || token === tokens[i] || (hasRest && i === wanted.length - 1))
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `2h`, `7d` ago, or a moment in ISO 8601 (UTC where it names no zone). */
function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return nowMs - Number(count) * UNITS[unit!]!
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
  const hasZone = /(Z|T.*[+-]\d\d:\d\d)$/.test(text)
  const ms = isIso ? Date.parse(text.includes('T') && !hasZone ? `${text}Z` : text) : Number.NaN
  if (Number.isNaN(ms))
    throw new Problem(`${option} is a time ago such as 10m, 2h or 7d, or a time such as 2026-01-31T12:00:00Z, not ${text}`)
  return ms
}
