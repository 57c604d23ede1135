/**
 * Where a function stands in a stream, one a slot: everything of the slot up to `version` is applied.
 * `ns` is the broker's timestamp (decimal ns since the epoch) of the message at that sequence: it tells whether the stream still holds
 * that message, or was re-created or rewound (docs/semantics.md, epochs). `ns` is `'0'` where no message has been read.
 */
export type Position = { readonly version: number; readonly ns: string }

/** What a store makes of a batch, before it changes anything. */
type Fence = 'apply' | 'repeat' | 'conflict'

/** Whether two positions are of one version but of two messages: one of the two was read in a life of the stream that is over. */
export const contradict = (a: Position | null, b: Position): boolean =>
  a !== null && a.version === b.version && a.ns !== b.ns && a.ns !== '0' && b.ns !== '0'

/**
 * Decides over one batch for the slots it covers.
 *
 * @param stored - where each slot of the batch stands, null where nothing is stored.
 * @param after - the version each of them must have; `begin` marks slots that the trigger starts at their recorded beginning.
 * @param last - where all of them move to.
 * @returns `apply` only if every slot stands exactly at its `after`; `repeat` if the batch moves slots and all are at or beyond `last`; else `conflict`.
 */
export function fence(stored: readonly (Position | null)[], after: readonly number[], begin: readonly boolean[], last: Position): Fence {
  if (stored.some((position) => contradict(position, last))) return 'conflict'
  if (stored.every((position, i) => (position === null ? begin[i] : position.version === after[i]))) return 'apply'
  // A batch that moves nothing repeats nothing: who sends it must learn that the slots stand beyond it.
  const moves = after.some((version) => version < last.version)
  return moves && stored.every((position) => position !== null && position.version >= last.version) ? 'repeat' : 'conflict'
}
