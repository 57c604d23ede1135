import type { Bar } from '../../../shared/contract/bar.ts'
import { rejectKey, show, Violation } from './ledger.ts'
import { truthOf } from './oracle.ts'
import { POISON } from './replica.ts'
import { messagesOf } from './store.ts'
import { SETTINGS, SLOTS, type World } from './world.ts'

/** Whether nothing is left to do: every slot stands at the stream's end and every bar is published. */
export function isAtRest(world: World): boolean {
  return world.store.slots.every(
    ({ position, outbox }) => (position ? position.version % 2 ** 40 : 0) === world.ticks.last && outbox.size === 0,
  )
}

/** What must hold once a run is at rest. @throws {Violation} */
export function checkEnd(world: World): void {
  const { ledger, store } = world
  const applied = store.slots.map(({ lineage }) => messagesOf(lineage))
  checkMessages(
    world,
    applied.flat().map(({ version, ms }) => ({ version, ms })),
  )
  const rejects = new Map<string, string>()
  const known = new Set<string>()
  for (const [slot, messages] of applied.entries()) {
    const truth = truthOf(slot, SLOTS, messages, SETTINGS)
    for (const key of truth.bars.keys()) known.add(key)
    for (const [id, code] of truth.rejects) rejects.set(id, code)
    for (const [key, versions] of truth.bars) checkBar(world, key, versions)
  }
  if (world.hasLostMessages) {
    for (const [id, code] of rejects)
      if (ledger.rejects.get(id) !== code) throw new Violation(`reject ${id} ${code} is ${ledger.rejects.get(id)} in the dead letters`)
    return
  }
  for (const { seq, data, ms } of world.ticks.everPublished)
    if (Buffer.from(data).toString() === POISON) rejects.set(rejectKey(`tick-to-bar:${2 ** 40 + seq}`, ms), 'FAILED')
  same('rejects', Object.fromEntries([...ledger.rejects].sort()), Object.fromEntries([...rejects].sort()))
  for (const key of ledger.bars.keys()) if (!known.has(key)) throw new Violation(`bar ${key} should not be`)
}

/** Every message of the stream was applied once, and nothing that never was in it. */
function checkMessages(world: World, applied: readonly { readonly version: number; readonly ms: number }[]): void {
  const times = new Map<number, number>()
  for (const { version, ms } of applied) {
    if (times.has(ms)) throw new Violation(`a message was applied as ${show(times.get(ms)!)} and as ${show(version)}`)
    times.set(ms, version)
  }
  for (const { seq, ms, data } of world.ticks.everPublished) {
    const isThere = world.ticks.at(seq)?.ms === ms || (!world.hasLostMessages && seq < world.ticks.first)
    const isPoison = Buffer.from(data).toString() === POISON
    if (isThere && !isPoison && !times.has(ms)) throw new Violation(`message ${seq} was neither applied nor rejected`)
  }
}

function checkBar(world: World, key: string, versions: ReadonlyMap<number, Bar>): void {
  const published = world.ledger.bars.get(key)
  for (const [version, text] of published ?? []) {
    const should = versions.get(version)
    if (should) same(`bar ${key} at ${show(version)}`, JSON.parse(text), should)
    else if (!world.hasLostMessages) throw new Violation(`bar ${key} has no version ${show(version)}`)
  }
  const greatest = Math.max(...versions.keys())
  if (!published?.has(greatest))
    throw new Violation(`bar ${key} was not published at ${show(greatest)}, only at ${[...(published?.keys() ?? [])].map(show)}`)
  const beyond = [...published.keys()].filter((version) => version > greatest)
  if (beyond.length > 0 && !world.hasLostMessages)
    throw new Violation(`bar ${key} was published at ${beyond.map(show)}, beyond ${show(greatest)}`)
}

function same(what: string, is: object, should: object): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(should)]
  if (a !== b) throw new Violation(`${what} is\n  ${a}\nbut should be\n  ${b}`)
}
