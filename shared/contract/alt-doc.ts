import * as z from 'zod'
import { msOfDate } from './tick-time.ts'

/** The most bytes of a document's title and body together, as UTF-8. */
export const MOST_DOCUMENT_BYTES = 1024 * 1024
/** How far a document's date may be ahead of the broker's time: sources name days, and time zones differ. */
export const MOST_AHEAD_MS = 48 * 3_600_000

const MOST_NAME = 256
const MOST_TITLE = 2_000
const MOST_URL = 4_000
const MOST_SYMBOLS = 200

/** Texts are stored as UTF-8, which has no lone surrogates. */
const wellFormed = (text: string): string => text.toWellFormed().trim()

const text = (most: number) => z.string().max(most).transform(wellFormed)

/** What a category may be called: it is part of an index's name and of a folder's in the lake. */
export const CATEGORY = /^[a-z0-9][a-z0-9_-]{0,63}$/

const Category = z
  .string()
  .trim()
  .toLowerCase()
  .regex(CATEGORY, 'a category has letters, digits, _ and - and begins with a letter or digit')

/** A date in any form a source may use, a day alone for its beginning in UTC; null where it is none. */
const When = z.union([z.number(), z.string()]).transform((time) => msOfDate(String(time).trim()) ?? null)

const Symbols = z
  .array(text(64))
  .max(MOST_SYMBOLS)
  .transform((symbols) => [...new Set(symbols.map((symbol) => symbol.toUpperCase()).filter(Boolean))].sort())

/**
 * A document of alternative data as it is published on `alt.norm.{category}.{source}` (spec services.md 2.3.4): cleaned, plain text.
 *
 * `ts_ms`: when it was published, ms since the epoch (UTC), or `timestamp` or `published_at` in any form of a tick's time, or a day; null where it is no date.
 * `category` and `source` may be left to the subject. `title` and `body` may be empty, not both. `symbols`: upper case, each once, sorted.
 * `sentiment`: -1 to 1, null where nobody scored it; `model` names who did. `lang`: ISO 639-1, null where it is not known.
 */
export const AltDoc = z
  .record(z.string(), z.unknown())
  .transform(({ ts_ms, timestamp, published_at, ...rest }) => ({ ...rest, ts_ms: ts_ms ?? timestamp ?? published_at ?? '' }))
  .pipe(
    z.object({
      ts_ms: When,
      category: Category.nullish().transform((category) => category ?? null),
      source: text(MOST_NAME)
        .nullish()
        .transform((source) => source || null),
      title: text(MOST_TITLE)
        .nullish()
        .transform((title) => title ?? ''),
      body: z
        .string()
        .nullish()
        .transform((body) => wellFormed(body ?? '')),
      url: text(MOST_URL)
        .nullish()
        .transform((url) => url || null),
      symbols: Symbols.nullish().transform((symbols) => symbols ?? []),
      sentiment: z
        .number()
        .min(-1)
        .max(1)
        .nullish()
        .transform((sentiment) => sentiment ?? null),
      lang: text(16)
        .nullish()
        .transform((lang) => lang?.toLowerCase() || null),
      model: text(MOST_NAME)
        .nullish()
        .transform((model) => model || null),
    }),
  )
export type AltDoc = z.infer<typeof AltDoc>
