import type { Document } from '../../shared/alt/documents.ts'
import type { Judged, Since } from '../../shared/alt/firsts.ts'
import type { BatchHead } from '../../shared/contract/batch.ts'
import type { Position } from '../../shared/domain/position.ts'

/** A document that a store can never take, and why. */
export type Refused = { readonly document: Document; readonly error: string }

/** What is to be stored: documents, and the position that they move. */
export type Move = {
  readonly documents: readonly Judged<Document>[]
  readonly slots: BatchHead['slots']
  readonly last: Position
  /** To be awaited before the position moves. */
  readonly refuse: (refused: readonly Refused[]) => Promise<void>
}

/** A store of documents, and of how far it has them. All of it throws RetryableError ERR_UNAVAILABLE. */
export interface Sink {
  position(): Promise<Position | null>
  /** Stores documents, then moves the position, if that stands where the move begins. @returns whether it did. */
  write(move: Move): Promise<boolean>
  since: Since
}
