/**
 * The choices of one run, as whole numbers: given ones first, then drawn from a seed, then 0. In every choice 0 is the plainest (no fault, in order),
 * so a shorter or smaller tape is a simpler run, and a run is replayed by its tape.
 */
export class Tape {
  readonly taken: number[] = []
  readonly #given: readonly number[]
  readonly #draw: (() => number) | undefined

  constructor(given: readonly number[], draw?: () => number) {
    this.#given = given
    this.#draw = draw
  }

  static ofSeed(seed: number): Tape {
    return new Tape([], generator(seed))
  }

  /** Whether only 0 is left. */
  get isSpent(): boolean {
    return this.#draw === undefined && this.taken.length >= this.#given.length
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    const raw = this.taken.length < this.#given.length ? this.#given[this.taken.length]! : (this.#draw?.() ?? 0)
    const value = n > 0 ? raw % n : 0
    this.taken.push(value)
    return value
  }

  /** True in that many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent
  }

  pick<T>(choices: readonly [T, ...T[]]): T
  pick<T>(choices: readonly T[]): T | undefined
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.below(choices.length)]
  }
}

/** mulberry32: whole numbers below 2^32. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** The first choices set the size and kind of a run. */
const HEAD = 24

/**
 * Makes a failing tape smaller: leaves out pieces, sets pieces to 0, halves single choices.
 * @param fails - whether a run of this tape fails; gives the choices it took if so.
 * @param tries - at most so many runs.
 */
export async function shrink(
  failing: readonly number[],
  fails: (given: readonly number[]) => Promise<number[] | undefined>,
  tries: number,
): Promise<number[]> {
  let best = [...failing]
  let left = tries
  const attempt = async (candidate: readonly number[]) => {
    if (left-- <= 0) return false
    const taken = await fails(candidate)
    if (taken === undefined) return false
    best = taken.slice(0, candidate.length)
    while (best.at(-1) === 0) best.pop()
    return true
  }
  for (let before = -1; before !== weight(best) && left > 0; ) {
    before = weight(best)
    for (let at = 0; at < Math.min(HEAD, best.length); at++)
      while (best[at]! > 0 && (await attempt([...best.slice(0, at), best[at]! >> 1, ...best.slice(at + 1)])));
    for (let size = 1 << Math.floor(Math.log2(Math.max(1, best.length))); size >= 1 && left > 0; size >>= 1) {
      for (let at = best.length - size; at >= 0 && left > 0; at -= size) {
        if (await attempt([...best.slice(0, at), ...best.slice(at + size)])) continue
        const piece = best.slice(at, at + size)
        if (piece.some((value) => value !== 0)) await attempt([...best.slice(0, at), ...piece.fill(0), ...best.slice(at + size)])
      }
    }
    for (let at = best.length - 1; at >= 0 && left > 0; at--)
      if (best[at]! > 1) await attempt([...best.slice(0, at), best[at]! >> 1, ...best.slice(at + 1)])
  }
  return best
}

const weight = (tape: readonly number[]): number => tape.length + tape.reduce((sum, value) => sum + Math.min(value, 1000) / 1000, 0)
