import { eld } from 'eld/extrasmall'

/** What is looked at: languages do not change in the middle, and more makes it no surer. */
const MOST_CHARACTERS = 1_000
/** With fewer letters it names a language that it is sure of too often wrongly (docs/documents.md has the figures). */
const LEAST_LETTERS = 20
const LEAST_IDEOGRAPHS = 6

/** The language of a text, ISO 639-1; null where it is too short or may be one of several. */
export function languageOf(text: string): string | null {
  const sample = text.slice(0, MOST_CHARACTERS)
  const ideographs = sample.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0
  if (ideographs < LEAST_IDEOGRAPHS && (sample.match(/\p{L}/gu)?.length ?? 0) < LEAST_LETTERS) return null
  const found = eld.detect(sample)
  return found.language !== '' && found.isReliable() ? found.language : null
}
