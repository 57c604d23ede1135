/** Work that is done one after the other, in the order in which it was given; what fails does not hold up the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** @param failed - is called before the next one begins. */
  take<T>(work: () => Promise<T>, failed: () => void = () => {}): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(failed)
    return turn
  }
}
