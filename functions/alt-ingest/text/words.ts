/** A word or a mark of a text; `start` and `end` are its place there. */
export type Word = { readonly text: string; readonly start: number; readonly end: number }

/** Marks that may be part of a name (AT&T, S&P, Coca-Cola, BRK.B) or that say something of the word beside them. */
const MARKS = new Set("&-.'’+:$")
const LETTER = /[\p{L}\p{M}\p{N}]/u
/** Written without blanks: each character is a word of its own. */
const SINGLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

const isPlain = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)

/** Takes a text apart in one pass, in work that grows as the text does. What is neither a word nor a mark only parts them. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  let start = -1
  const flush = (end: number) => {
    if (start >= 0) words.push({ text: text.slice(start, end), start, end })
    start = -1
  }
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code < 128) {
      if (isPlain(code)) {
        if (start < 0) start = at
      } else {
        flush(at)
        if (MARKS.has(text[at]!)) words.push({ text: text[at]!, start: at, end: at + 1 })
      }
      at++
      continue
    }
    const character = String.fromCodePoint(text.codePointAt(at)!)
    const end = at + character.length
    if (SINGLE.test(character) || MARKS.has(character)) {
      flush(at)
      words.push({ text: character, start: at, end })
    } else if (!LETTER.test(character)) flush(at)
    else if (start < 0) start = at
    at = end
  }
  flush(text.length)
  return words
}
