/**
 * Where a function stands in a stream, one a slot: everything of the slot up to `version` is applied.
 * `ns` is the broker's timestamp (decimal ns since the epoch) of the message at that sequence: it tells whether the stream still holds
 * that message, or was re-created or rewound (docs/semantics.md, epochs). `ns` is `'0'` where no message has been read.
 */
export type Position = { readonly version: number; readonly ns: string }

/** What a store makes of a batch, before it changes anything. */
export type Fence = 'apply' | 'repeat' | 'conflict'

/**
 * Decides over one batch for the slots it covers.
 *
 * @param stored - the stored version of each slot of the batch, null where none is stored.
 * @param after - the version each of them must have; `begin` marks slots that the trigger starts at their recorded beginning.
 * @param last - the version all of them move to.
 * @returns `apply` only if every slot stands exactly at its `after`; `repeat` if the batch moves slots and all are at or beyond `last`; else `conflict`.
 */
export function fence(stored: readonly (number | null)[], after: readonly number[], begin: readonly boolean[], last: number): Fence {
  if (stored.every((version, i) => (version === null ? begin[i] : version === after[i]))) return 'apply'
  // A batch that moves nothing repeats nothing: who sends it must learn that the slots stand beyond it.
  if (after.some((version) => version < last) && stored.every((version) => version !== null && version >= last)) return 'repeat'
  return 'conflict'
}
