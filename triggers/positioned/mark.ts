/** A place in a stream: the version of a message and its broker time (whole ms, and the ns beyond them). */
export type Mark = { readonly version: number; readonly ms: number; readonly subNs: number }

/** The broker's time of a mark, decimal ns. */
export const nsOfMark = ({ ms, subNs }: Mark): string => (ms === 0 ? String(subNs) : `${ms}${String(subNs).padStart(6, '0')}`)

/** The mark of a position's version and time. */
export const markOf = (version: number, ns: string): Mark => ({ version, ms: Number(ns.slice(0, -6)), subNs: Number(ns.slice(-6)) })
