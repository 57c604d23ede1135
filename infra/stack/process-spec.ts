/** How to start one process and how to see that it works. */
export type ProcessSpec = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Done before each start, also after a kill. */
  prepare?(): void
  /** The port it answers on, shown by `status`. */
  readonly port?: number
  /** Whether it serves now; asked again and again while it starts. */
  healthy(): Promise<boolean>
  /** How long a first start may take. */
  readonly startMs: number
  /** How long it may take to end by itself after SIGTERM. */
  readonly stopMs: number
  /** Exit codes after which it is not started again: its work is done, or cannot be done as asked. */
  readonly finalCodes?: readonly number[]
}

export type ProcessState = 'new' | 'starting' | 'running' | 'waiting' | 'finished' | 'failed' | 'stopped'
