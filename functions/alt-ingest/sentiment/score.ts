import { wordsOf } from '../text/words.ts'
import { DEGREES, DIRECTIONS, NEEDS_T, NEGATIONS, THINGS, WORDS } from './lexicon.ts'

/** What a text's words come to. `hits`: how many of them counted. */
export type Score = { readonly sentiment: number; readonly hits: number }

/** How far a negation reaches, and how far away what moves may stand from the word for its movement, in words. */
const NEGATED = 3
const MOVES = 4
/** Turned round a word counts for less: "not strong" is not as bad as "weak". */
const TURNED = -0.5
/** A movement of something that is not known to be good or bad. */
const BARE_MOVE = 0.5
/** So many points of evidence make half of the greatest score: few words are no strong opinion. */
const DAMPING = 4
const BREAK = /[.;:!?\n]/

/**
 * Scores a text in -1 ... 1: good words less bad ones, over all of them. A word counts more or less by the word of degree beside it, and half and the other way
 * round behind a negation; a word of direction counts by what moves (profit that falls is bad, unemployment that falls is good, a policy rate is neither).
 */
export function scoreOf(text: string): Score {
  let good = 0
  let bad = 0
  let hits = 0
  const clause: string[] = []
  const settle = () => {
    for (let i = 0; i < clause.length; i++) {
      const value = valueAt(clause, i)
      if (value === 0) continue
      hits++
      if (value > 0) good += value
      else bad -= value
    }
    clause.length = 0
  }
  let end = 0
  for (const word of wordsOf(text)) {
    // A point inside of a number or of a name parts nothing.
    if (word.start > end && BREAK.test(text.slice(end, word.start))) settle()
    else if (BREAK.test(word.text) && text[word.end]?.trim() === '') settle()
    end = word.end
    const lower = word.text.toLowerCase()
    if (lower.length > 1 || lower === 't') clause.push(lower)
  }
  settle()
  const sentiment = (good - bad) / (good + bad + DAMPING)
  return { sentiment: Math.round(sentiment * 1000) / 1000, hits }
}

function valueAt(clause: readonly string[], i: number): number {
  const word = clause[i]!
  // Of `won't` only the negation is left.
  if (NEEDS_T.has(word) && clause[i + 1] === 't') return 0
  const direction = DIRECTIONS.get(word)
  const value = direction === undefined ? (WORDS.get(word) ?? 0) : direction * movedBy(clause, i)
  // Losses that fall are good: they do not count once more by themselves.
  if (value === 0 || (direction === undefined && THINGS.has(word) && isMoved(clause, i))) return 0
  const degree = DEGREES.get(clause[i - 1] ?? '') ?? DEGREES.get(clause[i + 1] ?? '') ?? 1
  return value * degree * (isNegated(clause, i) ? TURNED : 1)
}

/** What a movement is worth: by the nearest thing, before it or behind it. */
function movedBy(clause: readonly string[], i: number): number {
  for (let away = 1; away <= MOVES; away++) {
    const thing = THINGS.get(clause[i - away] ?? '') ?? THINGS.get(clause[i + away] ?? '')
    if (thing !== undefined) return thing
  }
  return BARE_MOVE
}

function isMoved(clause: readonly string[], i: number): boolean {
  for (let at = Math.max(0, i - MOVES); at <= i + MOVES && at < clause.length; at++) if (DIRECTIONS.has(clause[at]!)) return true
  return false
}

function isNegated(clause: readonly string[], i: number): boolean {
  for (let at = Math.max(0, i - NEGATED); at < i; at++)
    if (NEGATIONS.has(clause[at]!) && (!NEEDS_T.has(clause[at]!) || clause[at + 1] === 't')) return true
  return false
}
