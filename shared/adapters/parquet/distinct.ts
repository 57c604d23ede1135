/** Beyond so many different numbers a dictionary costs more than it saves. */
const MOST = 8_192
const SIZE = 2 * MOST
const places = new Int32Array(SIZE)

/** A dictionary, and for each value its place in it. */
export type Dictionary<T> = { readonly entries: readonly T[]; readonly codes: Int32Array }

/** The different ones of some doubles, in the order in which they come first; undefined where they are too many to be worth it. */
export function distinctNumbers(values: Float64Array): Dictionary<number> | undefined {
  const most = Math.min(MOST, values.length >> 2)
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const codes = new Int32Array(values.length)
  const firsts: number[] = []
  places.fill(-1)
  for (let i = 0; i < values.length; i++) {
    const [low, high] = [words[2 * i]!, words[2 * i + 1]!]
    let place = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 18) & (SIZE - 1)
    for (;;) {
      const code = places[place]!
      if (code < 0) {
        if (firsts.length === most) return undefined
        places[place] = firsts.length
        codes[i] = firsts.length
        firsts.push(i)
        break
      }
      const first = firsts[code]!
      if (words[2 * first] === low && words[2 * first + 1] === high) {
        codes[i] = code
        break
      }
      place = (place + 1) & (SIZE - 1)
    }
  }
  return { entries: firsts.map((i) => values[i]!), codes }
}

/** The texts that are used, in the order in which they come first. */
export function usedTexts(texts: readonly string[], codes: Int32Array): Dictionary<string> {
  const places = new Int32Array(texts.length).fill(-1)
  const entries: string[] = []
  const used = new Int32Array(codes.length)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (places[code]! < 0) places[code] = entries.push(texts[code]!) - 1
    used[i] = places[code]!
  }
  return { entries, codes: used }
}
