/** One message to publish. `msgId` lets the stream drop a second copy inside its duplicate window: economy, never the proof. */
export type Outgoing = {
  readonly subject: string
  readonly payload: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
  readonly msgId?: string
}

/** Publishes to the broker. */
export interface Publisher {
  /**
   * Publishes in the order given and waits until a stream has acknowledged every message (a dropped copy counts as acknowledged).
   * @throws {RetryableError} ERR_UNAVAILABLE when not all were: some may have been stored, so publish all of them again.
   */
  publishAll(messages: readonly Outgoing[]): Promise<void>
  /** Publishes to whoever listens now. Nothing is stored, nothing awaited; dropped while the broker is away. */
  tell(subject: string, payload: Uint8Array | string): void
}

/** Where a message lies in its stream; of a duplicate, where the first one lies. */
export type Stored = { readonly sequence: number; readonly isDuplicate: boolean }

/** Publishes messages whose place in the stream somebody wants to know. */
export interface StoringPublisher {
  /**
   * Publishes one message and waits for the stream's acknowledgement.
   * @throws {TerminalError} TOO_LARGE when it is larger than the broker takes.
   * @throws {RetryableError} ERR_UNAVAILABLE when it was not acknowledged: it may have been stored, so publish it again under the same id.
   */
  store(message: Outgoing): Promise<Stored>
}
