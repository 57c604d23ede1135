import type { Arrival, Held } from './step.ts'

/** The two halves of a batch that failed are sought one by one: only messages of one suspicion go together. */
type Suspicion = object

type State =
  /** Waits for a call, alone or as the first of its key. */
  | 'ready'
  /** Behind others of its key. */
  | 'behind'
  | 'calling'
  /** On its way to the dead letters. */
  | 'dying'
  /** Not in hand any more. */
  | 'gone'

/** A message in hand, and what has become of it so far. */
export class Item<C> implements Held<C> {
  readonly sequence: number
  readonly ms: number
  readonly subNs: number
  readonly key: string | undefined
  readonly sizeBytes: number
  content: C
  state: State = 'ready'
  sends = 0
  /** What the last call came to for it; empty before there was one. */
  last = ''
  /** How often the function failed on it. */
  attempts = 0
  /** How often it could not be delivered while others could. */
  alone = 0
  /** Calls that had succeeded when it could not be delivered last. */
  awayAt = -1
  /** Not sent again before this time. */
  dueMs = 0
  /** Sent again no faster than the pace allows. */
  paced: boolean
  suspicion: Suspicion | undefined
  /** The next one of its key. */
  next: Item<C> | undefined
  /** No other of its key is before it. */
  isFirst = true
  readonly arrivedMs: number
  /** When the server was last told that it is worked on. */
  renewedMs: number

  constructor(arrival: Arrival<C>, nowMs: number) {
    this.sequence = arrival.sequence
    this.ms = arrival.ms
    this.subNs = arrival.subNs
    this.key = arrival.key
    this.sizeBytes = arrival.sizeBytes
    this.content = arrival.content
    this.paced = arrival.again
    this.arrivedMs = nowMs
    this.renewedMs = nowMs
  }
}
