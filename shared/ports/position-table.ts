import type { Position } from '../domain/position.ts'

/** Where a function stands, in the same store as its effect but not in one transaction with it: effect first, position after. */
export type PositionTable = {
  /**
   * The position of each slot that has one: the greatest version written. Sees its own writes at once.
   * A store that was restarted or restored is asked afresh, never remembered.
   * @throws {RetryableError} ERR_UNAVAILABLE
   */
  read(stream: string): Promise<ReadonlyMap<number, Position>>
  /**
   * Records that all of `slots` stand at `position`. Nothing is recorded if the store was restarted since {@link read}: what was written
   * before may be gone then, and the next read tells where to go on.
   * @throws {RetryableError} ERR_UNAVAILABLE
   */
  write(stream: string, slots: readonly number[], position: Position): Promise<void>
}
