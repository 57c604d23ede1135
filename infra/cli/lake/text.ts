import type { Add } from '../../../shared/delta/action.ts'
import { factsOf } from '../../../shared/lake/audit/file-facts.ts'

/** How many rows a file has, as its writer said. */
export const rowsOf = (add: Add): number => factsOf(add).rows ?? Number.NaN

/** A number for people. */
export const countText = (value: number | null): string => value?.toLocaleString('en') ?? 'not known'

/** Bytes for people. */
export const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
