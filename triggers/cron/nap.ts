/** Waits that may be ended early. */
export class Naps {
  readonly #wakes = new Set<() => void>()

  take(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wakes.add(wake)
    })
  }

  /** Ends those that are under way. */
  wake(): void {
    for (const wake of [...this.#wakes]) wake()
  }
}
