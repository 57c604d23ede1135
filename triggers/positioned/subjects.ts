import { symbolOf } from '../../shared/contract/subjects.ts'
import { slotOf } from '../../shared/domain/slot.ts'

/** A subject of a stream, and the slot that its symbol lives in. */
export type Subject = { readonly text: string; readonly slot: number; readonly bytes: Uint8Array }

/** More are kept only if a stream has more subjects than this at once; then all are found anew. */
const MOST = 50_000

/** Finds subjects by their bytes, so that none is decoded or hashed to its slot twice. */
export class Subjects {
  readonly #slots: number
  readonly #byHash = new Map<number, Subject[]>()
  #count = 0
  #last: Subject | undefined

  constructor(slots: number) {
    this.#slots = slots
  }

  /** The subject in `bytes[start .. end)`; `hash` is any hash of those bytes. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): Subject {
    // Ticks of one symbol come in runs.
    if (this.#last && isAt(this.#last.bytes, bytes, start, end)) return this.#last
    const known = this.#byHash.get(hash)?.find((subject) => isAt(subject.bytes, bytes, start, end))
    // A copy: a buffer's own `slice` would show whatever is received into it next.
    this.#last = known ?? this.#add(new Uint8Array(bytes.subarray(start, end)), hash)
    return this.#last
  }

  #add(own: Uint8Array, hash: number): Subject {
    if (++this.#count > MOST) {
      this.#byHash.clear()
      this.#count = 1
    }
    const text = new TextDecoder().decode(own)
    const subject = { text, slot: slotOf(symbolOf(text), this.#slots), bytes: own }
    const alike = this.#byHash.get(hash)
    if (alike) alike.push(subject)
    else this.#byHash.set(hash, [subject])
    return subject
  }
}

function isAt(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (own.length !== end - start) return false
  for (let i = 0; i < own.length; i++) if (own[i] !== bytes[start + i]) return false
  return true
}
