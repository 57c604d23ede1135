import * as z from 'zod'
import { type Interval, intervalNames } from './bar.ts'

const END_OF_TIME = Date.UTC(10_000, 0, 1)
/** A date, or a date and time with any of seconds, fraction and zone; without a zone it is UTC. A `+` of a zone may have become a space in the URL. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+ -]\d\d:?\d\d)?)?$/

/** A time given as integer ms since the epoch or as ISO 8601; becomes ms. */
const Time = z.string().transform((text, issue) => {
  const iso = ISO.exec(text)
  const ms = iso
    ? Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}${(iso[3] ?? 'Z').replace(' ', '+')}`)
    : /^\d{1,16}$/.test(text)
      ? Number(text)
      : Number.NaN
  if (ms >= 0 && ms < END_OF_TIME) return ms
  issue.addIssue('a time is ms since 1970 or ISO 8601, such as 1697292000000 or 2023-10-14T14:00:00Z')
  return z.NEVER
})

/** The query of `GET /bars/{symbol}`: bars whose start lies in [from, to). With `from` the first `limit` of them, without it the last. */
export const BarsRequest = z
  .strictObject({
    interval: z.enum(intervalNames as [Interval, ...Interval[]]).default('1m'),
    from: Time.optional(),
    to: Time.optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(500),
    exchange: z.string().min(1).max(256).optional(),
    fill: z.enum(['none', 'previous']).default('none'),
    format: z.enum(['json', 'csv']).optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, { path: ['to'], message: 'not after from' })
export type BarsRequest = z.infer<typeof BarsRequest>
