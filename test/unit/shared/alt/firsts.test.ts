import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Firsts, type Judged } from '../../../../shared/alt/firsts.ts'
import { bitsIn, halvesOf } from '../../../../shared/alt/simhash.ts'
import { WINDOW_MS } from '../../../../shared/alt/window.ts'
import type { First } from '../../../../shared/ports/first-table.ts'
import { RetryableError } from '../../../../shared/runtime/errors.ts'
import { MemoryFirstTable } from '../../../support/first-table.ts'

const HOUR = 3_600_000

/** Documents and their position, which moves after them; what is stored again is the same. */
class Store {
  readonly documents = new Map<number, Judged<First>>()
  position = -1
  /** What happens while it is read. */
  meanwhile = () => {}
  async *since(version: number, timeMs: number) {
    const found = [...this.documents.values()]
      .map(({ document }) => document)
      .filter((one) => one.version > version && one.timeMs >= timeMs)
    yield found.slice(0, 3)
    this.meanwhile()
    yield found.slice(3)
  }
}

/** The rule, plainly: of all messages before one, is there a first one of the same document, or a near one, within the window. */
function plainly(messages: readonly First[]): Map<number, string | null> {
  const firsts: First[] = []
  const kept = new Map<number, string | null>()
  for (const one of messages) {
    const past = firsts.filter(({ timeMs }) => one.timeMs - timeMs <= WINDOW_MS)
    if (past.some(({ id }) => id === one.id)) continue
    // Of a document that came again after its window, the newest first message counts.
    const newest = past.filter((first) => firsts.findLast(({ id }) => id === first.id) === first)
    const bits = (other: First) => {
      if (one.simhash === null || other.simhash === null) return 99
      const [[a, b], [c, d]] = [halvesOf(one.simhash), halvesOf(other.simhash)]
      return bitsIn(a ^ c) + bitsIn(b ^ d)
    }
    const near = newest
      .filter((other) => other.id !== one.id && bits(other) <= 7)
      .sort((a, b) => bits(a) - bits(b) || a.version - b.version)
    kept.set(one.version, near[0]?.id ?? null)
    firsts.push(one)
  }
  return kept
}

/** What is no document. */
const NONE = 13
const message = fc.record({ id: fc.integer({ min: 0, max: NONE }), hours: fc.integer({ min: 0, max: 20 }) })
const step = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  before: fc.constantFrom('nothing', 'nothing', 'a new process', 'the store is emptied'),
  lost: fc.constantFrom('nothing', 'everything', 'the last writes'),
  /** How many. */
  writes: fc.integer({ min: 1, max: 8 }),
  when: fc.constantFrom('before it is looked at', 'before it is read', 'while documents are read', 'while documents are stored'),
  after: fc.constantFrom(
    'nothing',
    'nothing',
    'dies before it stores',
    'dies before the position moves',
    'dies before it writes down',
    'two processes',
    'another process, which dies before it writes down',
  ),
})

const GENTLE = { size: 6, before: 'nothing', lost: 'nothing', writes: 1, when: 'before it is read', after: 'nothing' }

/** The table moved meanwhile: the batch comes again. */
const moved = (error: unknown): undefined => {
  if (!(error instanceof RetryableError)) throw error
}

test('whatever is killed, lost, cut into other batches: what is stored is what a plain look at all messages says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 60 }), fc.array(step, { minLength: 1, maxLength: 30 }), async (drawn, steps) => {
      let timeMs = 0
      const messages = drawn.map(({ id, hours }, i): First => {
        timeMs += hours * HOUR
        // Neighbouring ids are near each other, some have no hash.
        const simhash = id % 5 === 0 ? null : ((1 << id) - 1).toString(16).padStart(16, '0')
        return { id: `d${id}`, version: i + 1, timeMs, simhash }
      })
      const [table, store] = [new MemoryFirstTable(), new Store()]
      const isDocument = ({ id }: First) => id !== `d${NONE}`
      const fresh = () => new Firsts(table, (version, ms) => store.since(version, ms))
      let process = fresh()
      for (let at = 0, turn = 0; at < messages.length; turn++) {
        const { size, before, lost, writes, when, after } = turn < 300 ? steps[turn % steps.length]! : GENTLE
        if (before === 'a new process') process = fresh()
        let isLost = false
        const lose = (now: string) => {
          if (isLost || now !== when) return
          isLost = true
          if (lost === 'everything') table.setBack()
          if (lost === 'the last writes') table.setBack(writes)
        }
        lose('before it is looked at')
        table.meanwhile = () => lose('before it is read')
        store.meanwhile = () => lose('while documents are read')
        if (before === 'the store is emptied' && turn < 20) {
          store.documents.clear()
          store.position = -1
          at = 0
        }
        const batch = messages.slice(at, at + size)
        const used = after === 'two processes' || after.startsWith('another process') ? fresh() : process
        const judged = await used.judge(batch.filter(isDocument), store.position).catch(moved)
        if (!judged) {
          used.forget()
          continue
        }
        if (after === 'dies before it stores') {
          process = fresh()
          continue
        }
        lose('while documents are stored')
        for (const one of judged) store.documents.set(one.document.version, one)
        if (after === 'dies before the position moves') {
          process = fresh()
          continue
        }
        store.position = batch.at(-1)!.version
        at += batch.length
        if (after === 'dies before it writes down') process = fresh()
        else if (!after.startsWith('another process'))
          await used.keep(
            judged.map(({ document }) => document),
            store.position,
          )
      }
      expect(new Map([...store.documents].map(([version, { dupOf }]) => [version, dupOf]))).toEqual(plainly(messages.filter(isDocument)))
    }),
    { numRuns: 300 },
  )
})
