/** Those who wait until they are woken; the one that waits longest is woken first. */
export class WaitingLine {
  readonly #line = new Set<() => void>()

  /** Waits until woken, or the time is over. */
  join(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const leave = () => {
        clearTimeout(timer)
        this.#line.delete(leave)
        resolve()
      }
      const timer = setTimeout(leave, waitMs)
      this.#line.add(leave)
    })
  }

  wake(count = Number.POSITIVE_INFINITY): void {
    for (const leave of this.#line) {
      if (count-- <= 0) return
      leave()
    }
  }
}
