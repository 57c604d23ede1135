import type { ColumnData, Texts } from '../delta/column-data.ts'
import { OPAQUE } from '../domain/trade-id.ts'
import { TextBytes } from './text-bytes.ts'
import type { TextList } from './text-list.ts'

/** Ids of rows, as shared/domain/trade-id.ts has them: a number, and the place in a list of what stands before it. */
export type Ids = { readonly numbers: Float64Array; readonly prefixes: Uint32Array; readonly texts: TextList }

/** The greatest long, and how many digits it has. */
const MOST_LONG = 2n ** 63n - 1n
const LONG_DIGITS = 19

const utf8 = new TextEncoder()

/** The ids that are longs; null for others. Mostly all are numbers that a double holds. */
export function tradeIds({ numbers, prefixes, texts }: Ids, order: Uint32Array): ColumnData {
  const empty = texts.numberOf('')
  const values = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) {
    const [number, prefix] = [numbers[order[i]!]!, prefixes[order[i]!]!]
    if (number === OPAQUE && longOf(texts.text(prefix)) !== null) return largeIds({ numbers, prefixes, texts }, order)
    values[i] = prefix === empty && number >= 0 ? number : Number.NaN
  }
  return { kind: 'numbers', values }
}

function largeIds({ numbers, prefixes, texts }: Ids, order: Uint32Array): (bigint | null)[] {
  return Array.from(order, (row) => {
    const prefix = texts.text(prefixes[row]!)
    if (numbers[row]! < 0) return longOf(prefix)
    return prefix === '' ? BigInt(numbers[row]!) : null
  })
}

/** The ids that are no longs, as they were given. */
export function tradeRefs({ numbers, prefixes, texts }: Ids, order: Uint32Array): Texts {
  const empty = texts.numberOf('')
  const starts: Uint8Array[] = []
  const refs = new TextBytes(order.length)
  for (let i = 0; i < order.length; i++) {
    const [number, prefix] = [numbers[order[i]!]!, prefixes[order[i]!]!]
    if (prefix === empty || number < OPAQUE || (number === OPAQUE && longOf(texts.text(prefix)) !== null)) {
      refs.addNull()
      continue
    }
    starts[prefix] ??= utf8.encode(texts.text(prefix))
    refs.add(starts[prefix], number)
  }
  return refs.column()
}

/** A text that is a long, but of more digits than a double holds. */
function longOf(text: string): bigint | null {
  if (text.length > LONG_DIGITS || !/^[1-9]\d*$/.test(text)) return null
  const id = BigInt(text)
  return id <= MOST_LONG ? id : null
}
