import type { Item } from './item.ts'

/** Keeps the messages of each key in a row: only the first of a row, and those that go with it in one call, are ever sent. */
export class Keys<C> {
  readonly #last = new Map<string, Item<C>>()

  /** Puts a message at the end of its row; it must be younger than those before it. */
  join(item: Item<C>): void {
    if (item.key === undefined) return
    const before = this.#last.get(item.key)
    this.#last.set(item.key, item)
    if (!before) return
    before.next = item
    item.isFirst = false
    item.state = 'behind'
  }

  /** A message is out of hand. Gives the one whose turn has come. */
  leave(item: Item<C>): Item<C> | undefined {
    item.state = 'gone'
    // Gone from the middle of its row: passed over when those before it leave.
    if (item.key === undefined || !item.isFirst) return undefined
    let next = item.next
    while (next?.state === 'gone') next = next.next
    if (next) next.isFirst = true
    else this.#last.delete(item.key)
    return next
  }
}
