import fc from 'fast-check'
import { expect, test } from 'vitest'
import { slotsOfReader } from '../../../../shared/domain/slot.ts'
import { versionOf } from '../../../../shared/domain/version.ts'
import type { Outcome } from '../../../../triggers/outcome.ts'
import { Lane } from '../../../../triggers/positioned/lane.ts'
import type { Call, LaneOptions } from '../../../../triggers/positioned/step.ts'
import { Subjects } from '../../../../triggers/positioned/subjects.ts'
import { FencedFunction, nsAt, Shower, SLOTS, type Stored, slotOfMessage } from './lane-world.ts'

const settled: Outcome = { kind: 'settled', rejected: 0 }

/** One lane over all slots that has been shown nothing. */
function placedLane(options: Partial<LaneOptions> = {}): Lane {
  const lane = new Lane(slotsOfReader(0, 1, SLOTS), { stream: 'S', batch: 10, maxBytes: 1000, waitMs: 0, ...options })
  lane.place(
    lane.slots.map((slot) => ({ slot, after: versionOf(1, 0), begin: true, read: versionOf(1, 0), ns: '0' })),
    { version: versionOf(1, 0), ms: 0, subNs: 0 },
  )
  return lane
}

const subjects = new Subjects(SLOTS)
function show(lane: Lane, from: number, to: number, payload = 'x', nowMs = 0): void {
  const bytes = Buffer.from(`ticks.a.SPY${payload}`)
  const subject = subjects.find(bytes, 0, 11, 1)
  for (let sequence = from; sequence <= to; sequence++) {
    lane.push(nowMs, subject, versionOf(1, sequence), sequence, 0, bytes, 11, bytes.length)
    lane.pass(versionOf(1, sequence), sequence, 0)
  }
}

const call = (lane: Lane, nowMs = 0): Call => {
  const step = lane.next(nowMs)
  if (step.kind !== 'call') throw new Error(`expected a call, got ${step.kind}`)
  return step.call
}

test('a batch leaves at once when nothing is under way, and grows while one is', () => {
  const lane = placedLane()
  show(lane, 1, 1)
  expect(call(lane).head).toMatchObject({ count: 1, last: 1 })
  show(lane, 2, 9)
  expect(lane.next(0)).toEqual({ kind: 'idle' })
  lane.settle(settled, 0, 0)
  expect(call(lane).head).toMatchObject({ count: 8, last: 9, slots: expect.arrayContaining([[0, versionOf(1, 1), 0]]) })
})

test('no batch is larger than its limits, but for one large message', () => {
  const lane = placedLane({ batch: 3, maxBytes: 40 })
  show(lane, 1, 4)
  show(lane, 5, 6, 'y'.repeat(100))
  const counts: number[] = []
  for (let step = lane.next(0); step.kind === 'call'; step = lane.next(0)) {
    counts.push(step.call.head.count)
    lane.settle(settled, 0, 0)
  }
  expect(counts).toEqual([3, 1, 1, 1])
})

test('with a time to wait, a message waits for others, but not once the batch is full', () => {
  const lane = placedLane({ waitMs: 250 })
  show(lane, 1, 2, 'x', 1000)
  expect(lane.next(1100)).toEqual({ kind: 'wait', ms: 150 })
  expect(call(lane, 1250).head.count).toBe(2)
  lane.settle(settled, 1260, 0)
  show(lane, 3, 12, 'x', 1300)
  expect(call(lane, 1300).head.count).toBe(10)
})

test('while the stream holds more than a batch, a batch waits to be full, but not for long', () => {
  const lane = placedLane()
  show(lane, 1, 3, 'x', 1000)
  lane.pass(versionOf(1, 3), 3, 0, 500)
  expect(lane.next(1005)).toEqual({ kind: 'wait', ms: 15 })
  show(lane, 4, 10, 'x', 1006)
  lane.pass(versionOf(1, 10), 10, 0, 493)
  expect(call(lane, 1006).head.count).toBe(10)
  lane.settle(settled, 1010, 0)
  show(lane, 11, 12, 'x', 1010)
  lane.pass(versionOf(1, 12), 12, 0, 491)
  expect(call(lane, 1030).head.count).toBe(2)
})

test('a repeat is the same batch to the byte, after a growing pause', () => {
  const lane = placedLane()
  show(lane, 1, 2)
  const first = call(lane)
  const lines = Buffer.from(first.lines)
  lane.settle({ kind: 'retry', afterMs: 0, cause: '503' }, 0, 0)
  show(lane, 3, 5)
  expect(lane.next(0)).toEqual({ kind: 'wait', ms: 10 })
  expect(call(lane, 10)).toEqual({ head: first.head, lines })
  lane.settle({ kind: 'retry', afterMs: 3000, cause: '429' }, 10, 0)
  expect(lane.next(10)).toEqual({ kind: 'wait', ms: 3000 })
})

test('five failures inside the function halve a batch; unavailability never does', () => {
  const lane = placedLane()
  show(lane, 1, 4)
  let nowMs = 0
  const again = (outcome: Outcome) => {
    nowMs += 10_000
    const { count } = call(lane, nowMs).head
    lane.settle(outcome, nowMs, 0)
    return count
  }
  const failed: Outcome = { kind: 'refused', patience: 5, cause: '500' }
  for (let i = 0; i < 20; i++) expect(again({ kind: 'retry', afterMs: 0, cause: '503' })).toBe(4)
  for (let i = 0; i < 4; i++) expect(again(failed)).toBe(4)
  expect(again({ kind: 'retry', afterMs: 0, cause: '502' })).toBe(4)
  for (let i = 0; i < 5; i++) expect(again(failed)).toBe(4)
  expect(again(failed)).toBe(2)
  for (let i = 0; i < 5; i++) expect(again(failed)).toBe(1)
  expect(lane.next(nowMs)).toMatchObject({ kind: 'bury', dead: { subject: 'ticks.a.SPY', attempts: 5, cause: '500' } })
  lane.buried()
  expect(call(lane, nowMs).head).toMatchObject({ count: 0, last: 1 })
})

test('what was only seen moves the positions when the lane rests, and a quiet batch says the time', () => {
  const lane = placedLane()
  lane.rest(5000)
  expect(lane.next(0)).toEqual({ kind: 'idle' })
  lane.pass(versionOf(1, 7), 1_700_000_000_007, 8)
  lane.rest(undefined)
  expect(call(lane).head).toMatchObject({ count: 0, last: 7, lastNs: '1700000000007000008' })
  lane.settle(settled, 0, 0)
  lane.rest(undefined)
  expect(lane.next(0)).toEqual({ kind: 'idle' })
  lane.rest(1_700_000_001_000)
  expect(call(lane).head).toMatchObject({
    count: 0,
    last: 7,
    nowMs: 1_700_000_001_000,
    slots: [[0, versionOf(1, 7), 0], expect.anything(), expect.anything(), expect.anything()],
  })
})

test('slots that wait for the next epoch are told of the quiet with the others', () => {
  const lane = new Lane([0, 1], { stream: 'S', batch: 10, maxBytes: 1000, waitMs: 0 })
  // Slot 1 had read 9, which is gone: the next message is 7, of epoch 2.
  const places = [
    { slot: 0, after: versionOf(1, 5), begin: false, read: versionOf(1, 5), ns: '5000000' },
    { slot: 1, after: versionOf(1, 9), begin: false, read: versionOf(2, 6), ns: '6000000' },
  ]
  lane.place(places, { version: versionOf(1, 5), ms: 5, subNs: 0 })
  lane.pass(versionOf(1, 6), 6, 0)
  lane.rest(1_700_000_001_000, 6)
  expect(call(lane).head).toMatchObject({
    epoch: 2,
    last: 6,
    lastNs: '6000000',
    count: 0,
    slots: [
      [0, versionOf(1, 5), 0],
      [1, versionOf(1, 9), 0],
    ],
  })
})

test('it says when it holds enough, and takes nothing while it seeks', () => {
  const lane = placedLane({ batch: 3 })
  show(lane, 1, 5)
  expect(lane.wantsMore).toBe(true)
  show(lane, 6, 6)
  expect(lane.wantsMore).toBe(false)
  call(lane)
  lane.settle({ kind: 'seek', positions: { '0': null } }, 0, 0)
  show(lane, 7, 9)
  expect(lane.held.messages).toBe(0)
  expect(lane.next(0)).toEqual({ kind: 'seek', positions: { '0': null } })
})

const arbitraryStream = fc
  .array(
    fc.record({
      symbol: fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F'),
      payload: fc.constantFrom('x', 'a\nb', 'long'.repeat(9)),
      poison: fc.boolean(),
      skip: fc.nat(2),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((raw) => {
    let sequence = 0
    return raw.map(({ symbol, payload, poison, skip }, i): Stored => {
      sequence += 1 + (skip === 2 ? 1 : 0)
      return {
        sequence,
        subject: `ticks.x.${symbol}`,
        payload: `${payload}${poison && i % 5 === 0 ? '!' : ''}`,
        poison: poison && i % 5 === 0,
      }
    })
  })

const arbitraryEvent = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('show' as const), count: fc.integer({ min: 1, max: 15 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      lane: fc.nat(3),
      fate: fc.constantFrom('done', 'done', 'done', 'unreached', 'answer lost'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fall back' as const), commits: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('regroup' as const), readers: fc.constantFrom(1, 2, 3, 4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rest' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reread' as const) }) },
)

test('whatever happens in whatever order, every message is applied once, in order, or is in the dead letters', () => {
  fc.assert(
    fc.property(
      arbitraryStream,
      fc.array(arbitraryEvent, { maxLength: 80 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(60),
      (stream, events, batch, border) => {
        const entries =
          border > 1
            ? [
                { epoch: 1, from: 1 },
                { epoch: 3, from: border },
              ]
            : [{ epoch: 1, from: 1 }]
        const shower = new Shower(stream, entries)
        const target = new FencedFunction()
        const dead = new Set<number>()
        const poison = (line: string) => line.endsWith('!')
        let nowMs = 0
        let lanes: Lane[] = []
        const group = (readers: number) => {
          lanes = Array.from(
            { length: readers },
            (_, i) => new Lane(slotsOfReader(i, readers, SLOTS), { stream: 'S', batch, maxBytes: 200, waitMs: 0 }),
          )
          shower.place(lanes, target)
        }
        const turn = (lane: Lane, fate: string) => {
          nowMs += 10_000
          const step = lane.next(nowMs)
          if (step.kind === 'seek') shower.place(lanes, target)
          else if (step.kind === 'bury') {
            dead.add(step.dead.mark.version)
            lane.buried()
          } else if (step.kind === 'call') {
            const lost: Outcome = { kind: 'retry', afterMs: 0, cause: 'no answer' }
            const outcome = fate === 'unreached' ? lost : target.call(step.call, poison)
            lane.settle(fate === 'answer lost' ? lost : outcome, nowMs, 0.5)
          }
          return step.kind
        }
        group(1)
        for (const event of events) {
          if (event.kind === 'show') shower.show(event.count, nowMs)
          else if (event.kind === 'call') turn(lanes[event.lane % lanes.length]!, event.fate)
          else if (event.kind === 'fall back') target.fallBack(event.commits)
          else if (event.kind === 'regroup') group(event.readers)
          else if (event.kind === 'rest') for (const lane of lanes) lane.rest(shower.isAtHead ? 1_800_000_000_000 : undefined)
          else shower.place(lanes, target)
        }
        const head = shower.version(stream.at(-1)!.sequence)
        const isThere = (slot: number) => target.position(slot)?.version === head
        for (let rounds = 0; rounds < 2000 && !target.slots.every(isThere); rounds++) {
          shower.show(7, nowMs)
          // A quiet batch finds out that a function has lost what it had, also when nothing new comes.
          if (shower.isAtHead) for (const lane of lanes) lane.rest(1_800_000_000_000)
          for (const lane of lanes) turn(lane, 'done')
        }
        const expected = (slot: number) =>
          stream
            .filter((message) => slotOfMessage(message) === slot && !message.poison)
            .map(({ sequence, payload }) => `${sequence}/${nsAt(sequence).slice(0, -6)}/${payload.replace('\n', ' ')}`)
        for (let slot = 0; slot < SLOTS; slot++) expect(target.state.get(slot)?.applied ?? []).toEqual(expected(slot))
        for (const { sequence, poison } of stream) if (poison) expect(dead).toContain(shower.version(sequence))
        expect(dead.size).toBe(stream.filter(({ poison }) => poison).length)
      },
    ),
    { numRuns: 500 },
  )
})
