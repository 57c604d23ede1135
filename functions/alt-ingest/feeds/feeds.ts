import * as z from 'zod'
import { CATEGORY } from '../../../shared/contract/alt-doc.ts'

const MINUTE_MS = 60_000
const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 24 * 60 * MINUTE_MS }

const Every = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, 'expected a time such as 10m, 2h or 1d')
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.at(-1)!]!)

const Feed = z
  .strictObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'a name has letters, digits, - and _'),
    url: z
      .url({ protocol: /^https?$/ })
      .refine(
        (url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '',
        'an address holds no password: this file is no secret',
      ),
    category: z.string().regex(CATEGORY, 'no category, such as news'),
    source: z.string().trim().min(1).max(256).optional(),
    every: Every.prefault('15m'),
    enabled: z.boolean().default(true),
    symbols: z.array(z.string().min(1).max(64)).max(50).default([]),
  })
  .transform(({ every: everyMs, source, ...feed }) => ({ ...feed, everyMs, source: source ?? feed.name }))

/** A feed that is read. */
export type Feed = z.infer<typeof Feed>

/** `config/alt/feeds.yml`. */
export const FeedsFile = z.strictObject({
  feeds: z.array(Feed).refine((feeds) => new Set(feeds.map(({ name }) => name)).size === feeds.length, 'two feeds have the same name'),
})
