import { expect, test } from 'vitest'
import type { Control } from '../../../../shared/adapters/nats/control.ts'
import type { StreamAccess } from '../../../../shared/adapters/nats/stream.ts'
import { versionOf } from '../../../../shared/domain/version.ts'
import type { Epochs } from '../../../../triggers/positioned/epochs.ts'
import { Lane } from '../../../../triggers/positioned/lane.ts'
import { markOf } from '../../../../triggers/positioned/mark.ts'
import { placeLanes } from '../../../../triggers/positioned/place.ts'
import type { PositionedTrigger } from '../../../../triggers/trigger.ts'

const LAST = 10
const EPOCHS: Epochs = { entries: [{ epoch: 2, from: 1 }], created: 'second life' }
const options = { stream: 'S', batch: 10, maxBytes: 1000, waitMs: 0 }
const placed = (slot: number): Lane => {
  const lane = new Lane([slot], options)
  const version = versionOf(2, LAST)
  lane.place([{ slot, after: version, begin: false, read: version, ns: nsOf(LAST) }], markOf(version, nsOf(LAST)))
  return lane
}

test('a lane that meets a conflict while another is being placed waits for the next placing, and the epochs stay as they are', async () => {
  const [waiting, other] = [new Lane([0], options), placed(1)]
  const control = memoryControl({ 'epoch.S': EPOCHS, 'begin.f.S': { epoch: 1, seq: 0, ns: '0' } })
  const positions = async () => {
    other.rest(1)
    other.next(0)
    other.settle({ kind: 'seek', positions: { '1': null } }, 0, 0)
    return { '0': null, '1': null }
  }

  const reach = await placeLanes({ ...deps(control), invoke: { batch: () => Promise.reject(), positions } }, [waiting, other])

  expect(reach).toMatchObject({ epochs: EPOCHS, start: 1 })
  expect([waiting.isPlaced, other.isPlaced]).toEqual([true, false])
  expect((await control.get('epoch.S'))?.value).toEqual(EPOCHS)
})

test('a lane asks anew when the stream was cut between what it has been shown and where one of its slots stands', async () => {
  const [read, ahead] = [versionOf(2, 4), versionOf(2, 12)]
  const lane = new Lane([0, 1], options)
  const places = [
    { slot: 0, after: read, begin: false, read, ns: nsOf(4) },
    { slot: 1, after: ahead, begin: false, read: ahead, ns: nsOf(12) },
  ]
  lane.place(places, markOf(read, nsOf(4)))
  const control = memoryControl({ 'epoch.S': EPOCHS })
  const positions = async () => ({ '0': { version: read, ns: nsOf(4) }, '1': { version: ahead, ns: nsOf(12) } })
  const look = () => placeLanes({ ...deps(control), invoke: { batch: () => Promise.reject(), positions } }, [lane])

  await expect(look()).rejects.toThrow()
  expect([lane.isPlaced, lane.next(0)]).toEqual([false, { kind: 'seek', positions: {} }])
  const epochs = { ...EPOCHS, entries: [...EPOCHS.entries, { epoch: 3, from: 11 }] }
  expect(await look()).toMatchObject({ epochs, start: 5 })
  expect(lane.ahead).toEqual([{ version: versionOf(3, 10), ns: nsOf(10) }])
})

test('what a lane has read is never marked with a message that has come there since', async () => {
  const lane = new Lane([0], options)
  const control = memoryControl({ 'epoch.S': { ...EPOCHS, entries: [...EPOCHS.entries, { epoch: 3, from: 9 }] } })
  // The slot stands in the life before; when the message before the new epoch is looked up, the stream was cut and filled again below it.
  const positions = async () => ({ '0': { version: versionOf(2, 12), ns: nsOf(12) } })
  const message = async (sequence: number) => ({ subject: 's', data: new Uint8Array(), ns: nsOf(sequence + 100), headers: undefined })
  const look = {
    ...deps(control),
    stream: { ...stream, message, sequenceAt: async () => 9 },
    invoke: { batch: () => Promise.reject(), positions },
  }

  await expect(placeLanes(look, [lane])).rejects.toThrow('the stream changed')
  expect(lane.isPlaced).toBe(false)
})

test('two messages of one version are looked up one by one', async () => {
  const [waiting, other] = [new Lane([0], options), placed(1)]
  const control = memoryControl({ 'epoch.S': EPOCHS })
  // Where the other lane has seen the message that the stream holds, the slot stands at one of an earlier life.
  const positions = async () => ({ '0': { version: versionOf(2, LAST), ns: nsOf(LAST - 1) } })
  const sequenceAt = async () => LAST
  const look = { ...deps(control), stream: { ...stream, sequenceAt }, invoke: { batch: () => Promise.reject(), positions } }

  const epochs = { ...EPOCHS, entries: [...EPOCHS.entries, { epoch: 3, from: LAST }] }
  expect(await placeLanes(look, [waiting, other])).toMatchObject({ epochs, start: LAST })
  expect([waiting.seen.version, other.seen.version]).toEqual([versionOf(3, LAST - 1), versionOf(3, LAST)])
})

const nsOf = (sequence: number): string => String(1_700_000_000_000_000_000n + BigInt(sequence))

const deps = (control: Control) => ({
  stream,
  control,
  alarm: () => {},
  trigger: { functionName: 'f', start: { kind: 'all' } } as PositionedTrigger,
})

const stream: StreamAccess = {
  name: 'S',
  state: async () => ({ created: EPOCHS.created, first: 1, last: LAST, nowMs: 1, slots: 2 }),
  message: async (sequence) => ({ subject: 's', data: new Uint8Array(), ns: nsOf(sequence), headers: undefined }),
  lastOf: async () => LAST,
  sequenceAt: async () => LAST + 1,
  consumer: async () => 'consumer',
  removeConsumer: async () => {},
}

/** The control bucket in memory. */
function memoryControl(values: Record<string, unknown>): Control {
  const entries = new Map(Object.entries(values).map(([key, value]) => [key, { value, revision: 1 }]))
  return {
    get: async <T>(key: string) => entries.get(key) as { value: T; revision: number } | undefined,
    create: async (key, value) => (entries.has(key) ? undefined : entries.set(key, { value, revision: 1 }).get(key)!.revision),
    replace: async (key, value, revision) => entries.set(key, { value, revision: revision + 1 }).get(key)!.revision,
    put: async (key, value) => void entries.set(key, { value, revision: 1 }),
    remove: async (key) => void entries.delete(key),
  }
}
