import type { Txn } from '../delta/action.ts'
import type { Position } from '../domain/position.ts'
import { epochOf, sequenceOf, versionOf } from '../domain/version.ts'

/**
 * Where a function stands, as transactions of its table: `{function}/{stream}/e{epoch}/{slots}` has the stream's sequence as its version, and beside it
 * `.../ns` the broker's time of that message. Both move in the commit that adds the rows. A reader that covers other slots than the one before has a name
 * of its own; of a slot, the greatest position among all that cover it counts, because each was true when it was committed.
 */
export function toTxns(functionName: string, stream: string, slots: readonly number[], { version, ns }: Position): Txn[] {
  const appId = `${functionName}/${stream}/e${epochOf(version)}/${rangesOf(slots)}`
  return [
    { appId, version: BigInt(sequenceOf(version)) },
    { appId: `${appId}/ns`, version: BigInt(ns) },
  ]
}

/** The position of each slot that has one. */
export function positionsIn(txns: ReadonlyMap<string, Txn>, functionName: string, stream: string): Map<number, Position> {
  const positions = new Map<number, Position>()
  const prefix = `${functionName}/${stream}/e`
  for (const [appId, txn] of txns) {
    if (!appId.startsWith(prefix)) continue
    const [, epoch, ranges] = /^(\d+)\/([\d,-]+)$/.exec(appId.slice(prefix.length)) ?? []
    if (epoch === undefined || ranges === undefined) continue
    const position = { version: versionOf(Number(epoch), Number(txn.version)), ns: String(txns.get(`${appId}/ns`)?.version ?? 0) }
    for (const slot of slotsOf(ranges)) if (position.version > (positions.get(slot)?.version ?? -1)) positions.set(slot, position)
  }
  return positions
}

/** `0-3,7`: ascending numbers as ranges. */
function rangesOf(slots: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const slot of slots.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === slot - 1) last[1] = slot
    else ranges.push([slot, slot])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

function slotsOf(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
}
