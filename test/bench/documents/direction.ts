/** What a statement of the Federal Open Market Committee says it did with its target rate. */
export type Direction = 'raised' | 'lowered' | 'kept'

const RATE =
  '(?:federal funds rate|federal funds|discount rate|reserve positions|short-term (?:money market )?interest rates|money market conditions)'
const near = (verbs: string) => new RegExp(`\\b(?:${verbs})\\b[^.]{0,120}?${RATE}|${RATE}[^.]{0,60}?\\b(?:${verbs})\\b`, 'i')
const RAISED = near('raise|raised|raising|increase|increased|rise|tighten')
const LOWERED = near('lower|lowered|lowering|reduce|reduced|reduction|decrease|decreased|decline|ease|eased|easing')
const KEPT = near('keep|kept|maintain|maintained|unchanged|no change')
const DECIDES = /decided|announced|voted|approved|action|agreed/i

const sentencesOf = (text: string): string[] => text.replace(/\s+/g, ' ').split(/(?<=[a-z]{2}\.)\s/)

/** What is left of a statement without every sentence that speaks of the rate. */
export const withoutRate = (text: string): string =>
  sentencesOf(text)
    .filter((sentence) => !new RegExp(RATE, 'i').test(sentence))
    .join(' ')

/** Read in the first sentences that tell of a decision on the rate; undefined where none does, or where two of them differ. */
export function directionOf(text: string): Direction | undefined {
  for (const sentence of sentencesOf(text)
    .filter((one) => DECIDES.test(one))
    .slice(0, 3)) {
    const is = { kept: KEPT.test(sentence), raised: RAISED.test(sentence), lowered: LOWERED.test(sentence) }
    if (is.kept) return 'kept'
    if (is.raised !== is.lowered) return is.raised ? 'raised' : 'lowered'
  }
  return undefined
}
