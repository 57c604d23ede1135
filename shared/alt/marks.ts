const MARKS = /(\p{M}{30})\p{M}+/gu

/**
 * Drops what is more marks on one letter than any script has (UAX #15 calls that stream-safe). Normalising puts the marks of a letter in order, in work that
 * grows with the square of their number: for half a million of them it would take minutes.
 */
export const boundMarks = (text: string): string => text.replace(MARKS, '$1')
