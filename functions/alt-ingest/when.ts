import { msOfTime } from '../../shared/contract/tick-time.ts'

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
/** RFC 822 and its children, as feeds have it: `Tue, 10 Jun 2003 04:00:00 GMT`, also without day of the week, seconds or zone. */
const MAIL =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{4}|\d\d)(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([a-z]{1,5}|[+-]\d{2}:?\d{2})?)?$/i
/** `June 10, 2003`, as pages have it. */
const WORDS = /^([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})$/i
const ZONES: Readonly<Record<string, number>> = {
  edt: -4,
  est: -5,
  cdt: -5,
  cst: -6,
  mdt: -6,
  mst: -7,
  pdt: -7,
  pst: -8,
  bst: 1,
  cet: 1,
  cest: 2,
}

/**
 * The time that a source's date names, in ms since the epoch (UTC): every form of a tick's time, a day alone (its first moment in UTC), and the dates
 * of mail, with their zones. Undefined for anything else: a date is never guessed.
 */
export function msOfWhen(date: unknown): number | undefined {
  if (typeof date === 'number') return Number.isFinite(date) ? msOfTime(String(date)) : undefined
  if (typeof date !== 'string' || date.length > 64) return undefined
  const text = date.trim()
  const day = DAY.exec(text)
  if (day) return utc(day[1]!, Number(day[2]) - 1, day[3]!)
  const words = WORDS.exec(text)
  if (words) return utc(words[3]!, monthOf(words[1]!), words[2]!)
  const mail = MAIL.exec(text)
  if (!mail) return msOfTime(text)
  const [, dayOfMonth, month, year, hours = '0', minutes = '0', seconds = '0', zone = 'GMT'] = mail
  const offsetMinutes = offsetOf(zone.toLowerCase())
  const start = utc(yearOf(year!), monthOf(month!), dayOfMonth!)
  if (start === undefined || offsetMinutes === undefined) return undefined
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return undefined
  const ms = start + ((Number(hours) * 60 + Number(minutes) - offsetMinutes) * 60 + Number(seconds)) * 1000
  return ms >= 0 ? ms : undefined
}

const monthOf = (name: string): number => MONTHS.indexOf(name.toLowerCase())

/** Two digits are of 1970 to 2069. */
const yearOf = (year: string): string => (year.length === 4 ? year : `${Number(year) < 70 ? '20' : '19'}${year}`)

/** Undefined for a day that no calendar has. */
function utc(year: string, month: number, day: string): number | undefined {
  const ms = Date.UTC(Number(year), month, Number(day))
  return month >= 0 && ms >= 0 && new Date(ms).getUTCMonth() === month ? ms : undefined
}

function offsetOf(zone: string): number | undefined {
  const numbers = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  if (numbers) return (numbers[1] === '-' ? -1 : 1) * (Number(numbers[2]) * 60 + Number(numbers[3]))
  if (['gmt', 'ut', 'utc', 'z'].includes(zone)) return 0
  const hours = ZONES[zone]
  return hours === undefined ? undefined : hours * 60
}
