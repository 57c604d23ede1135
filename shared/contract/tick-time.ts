const DECIMAL = /^0*(\d{1,20})(?:\.(\d*))?$/
const DAY = /^\d{4}-\d\d-\d\d$/
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?$/i

/**
 * The time a tick names, in whole ms since the epoch (UTC), rounded down; undefined where the text is no time.
 *
 * A decimal is taken by its size: up to 11 whole digits are seconds, up to 14 ms, up to 17 µs, up to 20 ns (all of 1973 to 5138).
 * It is read as text, because a double keeps only every 256th ns of our days. Other texts are ISO 8601; without a zone they are UTC.
 */
export function msOfTime(text: string): number | undefined {
  const decimal = DECIMAL.exec(text)
  if (decimal) return msOfDecimal(decimal[1]!, decimal[2] ?? '')
  const iso = ISO.exec(text)
  if (!iso) return undefined
  const [, day, minutes, seconds = '00', fraction = '', zone = 'Z'] = iso
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()
  const ms = Date.parse(`${day}T${minutes}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  return ms >= 0 ? ms : undefined
}

/** The same where a day alone may stand for its beginning, in UTC. */
export const msOfDate = (text: string): number | undefined => msOfTime(DAY.test(text) ? `${text}T00:00` : text)

function msOfDecimal(whole: string, fraction: string): number {
  if (whole.length <= 11) return Number(whole + fraction.slice(0, 3).padEnd(3, '0'))
  if (whole.length <= 14) return Number(whole)
  return Number(whole.slice(0, whole.length <= 17 ? -3 : -6))
}
