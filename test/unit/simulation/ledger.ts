import type { Bar } from '../../../shared/contract/bar.ts'
import { lineOf, parseBatch } from '../../../shared/contract/framing.ts'
import { symbolOf } from '../../../shared/contract/subjects.ts'
import { slotOf } from '../../../shared/domain/slot.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { SlotCommit } from '../../../shared/ports/bar-store.ts'
import type { Outgoing } from '../../../shared/ports/publisher.ts'

/** A message as a batch carried it. */
export type Carried = { readonly version: number; readonly subject: string; readonly text: string; readonly ms: number }

/** A rule was broken. */
export class Violation extends Error {}

export const barKey = ({ exchange, symbol, interval, timestamp }: Bar): string => `${exchange} ${symbol} ${interval} ${timestamp}`

/** A dead letter: its message id, and the broker's time, since two lives of a stream may give one id to messages of two slots. */
export const rejectKey = (msgId: string, ms: number | string): string => `${msgId} of ${ms}`

const decoder = new TextDecoder()

/** All that was ever sent and published, and the rules that hold over all of it at any time. */
export class Ledger {
  /** Every edition of every bar that was ever on its way: text by version, by bar. */
  readonly bars = new Map<string, Map<number, string>>()
  /** Error codes by {@link rejectKey}. */
  readonly rejects = new Map<string, string>()
  /** The greatest version ever applied, by slot. */
  readonly furthest: number[]
  readonly #applied: Map<number, string>[]
  readonly #slots: number

  constructor(slots: number) {
    this.#slots = slots
    this.furthest = new Array(slots).fill(0)
    this.#applied = Array.from({ length: slots }, () => new Map())
  }

  /** Something was applied: in one slot a version means one message, whoever brings it and however often. @returns the messages of each slot that moves. */
  applied(body: Uint8Array, commits: readonly SlotCommit[]): Carried[][] {
    const batch = parseBatch(body)
    const { head, seqs, times, subject } = batch
    const all = Array.from({ length: head.count }, (_, i): Carried => {
      const name = head.subjects[subject[i]!]!
      return { version: versionOf(head.epoch, seqs[i]!), subject: name, text: decoder.decode(lineOf(batch, i)), ms: times[i]! }
    })
    return commits.map(({ slot, after }) => {
      const own = all.filter(({ version, subject }) => version > after && slotOf(symbolOf(subject), this.#slots) === slot)
      for (const message of own) {
        const content = JSON.stringify(message)
        const known = this.#applied[slot]!.get(message.version)
        if (known !== undefined && known !== content)
          throw new Violation(`version ${show(message.version)} was applied as two messages:\n  ${known}\n  ${content}`)
        this.#applied[slot]!.set(message.version, content)
      }
      const greatest = own.at(-1)?.version ?? 0
      if (greatest > this.furthest[slot]!) this.furthest[slot] = greatest
      return own
    })
  }

  /** A bar's version has one content. */
  published({ subject, payload, msgId, headers }: Outgoing): void {
    if (subject.startsWith('dlq.')) {
      const code = headers!['Dlq-Code']!
      const key = rejectKey(msgId!, headers!['Dlq-Time-Ms']!)
      const known = this.rejects.get(key)
      if (known !== undefined && known !== code) throw new Violation(`dead letter ${key} is ${known} and ${code}`)
      this.rejects.set(key, code)
      return
    }
    const text = String(payload)
    const bar = JSON.parse(text) as Bar
    const versions = this.bars.get(barKey(bar)) ?? new Map<number, string>()
    this.bars.set(barKey(bar), versions)
    const known = versions.get(bar.version)
    if (known !== undefined && known !== text)
      throw new Violation(`bar ${barKey(bar)} has two contents at ${show(bar.version)}:\n  ${known}\n  ${text}`)
    versions.set(bar.version, text)
  }
}

/** A version for people: epoch and sequence. */
export const show = (version: number): string => `${Math.floor(version / 2 ** 40)}/${version % 2 ** 40}`
