/** Texts by number. The one asked for last is mostly asked for again. */
export class TextList {
  readonly #numbers = new Map<string, number>()
  #texts: string[] = []

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  text(number: number): string {
    return this.#texts[number]!
  }

  get all(): readonly string[] {
    return this.#texts
  }

  clear(): void {
    this.#numbers.clear()
    this.#texts = []
  }
}
