/**
 * A trade id as two plain values, so that the usual ones (integers, or a prefix and an integer such as `20131007-17`) are compared
 * and stored as numbers: `number >= 0` with what stands before it in `prefix`; `OPAQUE` with the whole text in `prefix`; or `NO_ID`.
 */
export const OPAQUE = -1
export const NO_ID = -2

/** The most digits an id's number may have: all of them are exact in a double. */
export const ID_DIGITS = 15

/** The length of the number an id ends in, 0 where it has none: digits, at most 15, without a leading zero (else it could not be written back). */
export function numberLength(text: string): number {
  let start = text.length
  while (start > 0 && text.charCodeAt(start - 1) >= 48 && text.charCodeAt(start - 1) <= 57) start--
  const digits = text.length - start
  return digits > ID_DIGITS || (digits > 1 && text.charCodeAt(start) === 48) ? 0 : digits
}

/** The id's text; null where there is none. */
export const idText = (prefix: string, number: number): string | null => (number >= 0 ? prefix + number : number === OPAQUE ? prefix : null)
