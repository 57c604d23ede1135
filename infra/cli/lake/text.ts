import type { Add } from '../../../shared/delta/action.ts'

/** How many rows a file has, as its writer said. */
export const rowsOf = ({ stats }: Pick<Add, 'stats'>): number =>
  Number((JSON.parse(stats ?? '{}') as { numRecords?: number }).numRecords ?? Number.NaN)

/** Bytes for people. */
export const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
