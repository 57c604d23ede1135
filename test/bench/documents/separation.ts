/** How often a score of the first is above one of the second; ties count half. 0.5 is chance, 1 is always. */
export function auc(above: readonly number[], below: readonly number[]): number {
  let won = 0
  for (const a of above) for (const b of below) won += a > b ? 1 : a === b ? 0.5 : 0
  return won / (above.length * below.length)
}

/** The part of the scores that have this sign. */
export const signs = (scores: readonly number[], sign: 1 | -1): number =>
  scores.filter((score) => Math.sign(score) === sign).length / scores.length
