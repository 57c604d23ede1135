import type { SourceTick } from './source.ts'

/** Takes a message; a promise means: wait before the next one. */
export type Send = (subject: string, text: string) => Promise<void> | undefined

/** A message stays well below the server's limit of 1 MiB. */
const MOST_CHARACTERS = 256 * 1024

/** Joins up to `size` ticks of one symbol in one message, one a line. Each symbol keeps its order. Size 1 sends every tick as it comes. */
export class Burst {
  readonly #size: number
  readonly #send: Send
  readonly #open = new Map<string, { text: string; ticks: number }>()
  /** Messages sent. */
  messages = 0

  constructor(size: number, send: Send) {
    this.#size = size
    this.#send = send
  }

  /** Takes a tick. Returns a promise when the next one must wait. */
  add({ subject, line }: SourceTick): Promise<void> | undefined {
    if (this.#size === 1) return this.#out(subject, line)
    const group = this.#open.get(subject)
    if (!group) {
      this.#open.set(subject, { text: line, ticks: 1 })
      return undefined
    }
    group.text += `\n${line}`
    group.ticks++
    if (group.ticks < this.#size && group.text.length < MOST_CHARACTERS) return undefined
    this.#open.delete(subject)
    return this.#out(subject, group.text)
  }

  /** Sends what is still being collected. */
  async flush(): Promise<void> {
    for (const [subject, { text }] of this.#open) {
      this.#open.delete(subject)
      const full = this.#out(subject, text)
      if (full) await full
    }
  }

  #out(subject: string, text: string): Promise<void> | undefined {
    this.messages++
    return this.#send(subject, text)
  }
}
