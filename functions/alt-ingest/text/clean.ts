import { boundMarks } from '../../../shared/alt/marks.ts'

/** Marks that are not seen: zero-width ones, soft hyphens, byte order marks, directions, and controls but tab and line feed. */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu
const BREAKS = /\r\n?|[\u0085\u2028\u2029]/g
const BLANKS = /[\t\p{Zs}]+/gu

/**
 * A text as all documents have it: NFC, nothing unseen, one kind of blank and of line end, single blanks, at most one empty line in a row.
 * Doing it again changes nothing.
 */
export function cleanText(text: string): string {
  // Unseen marks go first: without them letters may stand together that NFC makes one.
  const bounded = boundMarks(text.toWellFormed().replace(BREAKS, '\n').replace(UNSEEN, ''))
  // One mark may become two.
  const seen = boundMarks(bounded.normalize('NFC')).replace(BLANKS, ' ')
  const lines = seen.split('\n').map((line) => line.trim())
  const kept = lines.filter((line, i) => line !== '' || lines[i - 1] !== '')
  return kept.join('\n').trim()
}

/** The same in one line. */
export const cleanLine = (text: string): string => cleanText(text).replace(/\n+/g, ' ')
