import { Due } from './due.ts'
import { Fifo } from './fifo.ts'
import type { Item } from './item.ts'

/** The messages whose turn it is, by why they wait. Those behind others of their key are not in it. */
export class Queues<C> {
  /** Never sent. */
  readonly fresh = new Fifo<Item<C>>()
  /** To be sent again at once: parts of a batch in which a message at fault is sought. */
  readonly parts = new Fifo<Item<C>>()
  /** To be sent again as fast as the pace allows. */
  readonly paced = new Fifo<Item<C>>()
  /** To be sent again later. */
  readonly #due = new Due<Item<C>>()
  #freshBytes = 0

  put(item: Item<C>, nowMs: number): void {
    item.state = 'ready'
    if (item.dueMs > nowMs) this.#due.push(item)
    else if (item.paced) this.paced.push(item)
    else if (item.suspicion) this.parts.push(item)
    else {
      this.fresh.push(item)
      this.#freshBytes += item.sizeBytes
    }
  }

  /** Brings those whose time has come to the others. */
  promote(nowMs: number): void {
    for (let item = this.#due.first; item && item.dueMs <= nowMs; item = this.#due.first) {
      this.#due.shift()
      if (item.state === 'ready') this.put(item, nowMs)
    }
  }

  /** When the next one's time comes. */
  get nextDueMs(): number | undefined {
    return this.#due.first?.dueMs
  }

  get freshBytes(): number {
    return this.#freshBytes
  }

  get isEmpty(): boolean {
    return this.fresh.length === 0 && this.hasNoRepeats
  }

  get hasNoRepeats(): boolean {
    return this.paced.length + this.parts.length + this.#due.length === 0
  }

  /** The first of a queue that is still in hand. */
  firstOf(queue: Fifo<Item<C>>): Item<C> | undefined {
    while (queue.first && queue.first.state !== 'ready') this.shift(queue)
    return queue.first
  }

  shift(queue: Fifo<Item<C>>): void {
    const item = queue.shift()
    if (item && queue === this.fresh) this.#freshBytes -= item.sizeBytes
  }

  /**
   * Takes the messages of the next call out of a queue: of one suspicion, and with each the following ones of its key; in stream order.
   * @param isStale - whether a message has become too old to be sent: it stays where it is.
   */
  gather(queue: Fifo<Item<C>>, most: number, mostBytes: number, nowMs: number, isStale: (item: Item<C>) => boolean): Item<C>[] {
    const items: Item<C>[] = []
    let isSorted = true
    const suspicion = this.firstOf(queue)?.suspicion
    let bytes = 0
    const fits = (item: Item<C>) =>
      item.suspicion === suspicion && !isStale(item) && (items.length === 0 || (items.length < most && bytes + item.sizeBytes <= mostBytes))
    for (let first = this.firstOf(queue); first && fits(first); first = this.firstOf(queue)) {
      this.shift(queue)
      let item: Item<C> | undefined = first
      while (item && (item === first || (item.state === 'behind' && item.dueMs <= nowMs && fits(item)))) {
        isSorted &&= item === first
        items.push(item)
        bytes += item.sizeBytes
        item.state = 'calling'
        item = item.next
        while (item?.state === 'gone') item = item.next
      }
    }
    return isSorted ? items : items.sort((a, b) => a.sequence - b.sequence)
  }
}
