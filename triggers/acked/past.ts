const PLACES = 16_384

/**
 * Messages settled lately: the server sends some of them again after it was restarted, or when an acknowledgement was lost. Each has one place by its
 * sequence, which a later one takes over; what is not remembered is only delivered once more. Told apart by time, since a stream can be re-created.
 */
export class Past {
  readonly #sequences = new Float64Array(PLACES)
  readonly #ms = new Float64Array(PLACES)
  readonly #subNs = new Float64Array(PLACES)

  add({ sequence, ms, subNs }: { readonly sequence: number; readonly ms: number; readonly subNs: number }): void {
    const at = sequence % PLACES
    this.#sequences[at] = sequence
    this.#ms[at] = ms
    this.#subNs[at] = subNs
  }

  has({ sequence, ms, subNs }: { readonly sequence: number; readonly ms: number; readonly subNs: number }): boolean {
    const at = sequence % PLACES
    return this.#sequences[at] === sequence && this.#ms[at] === ms && this.#subNs[at] === subNs
  }
}
