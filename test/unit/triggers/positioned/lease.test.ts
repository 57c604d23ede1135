import { expect, test } from 'vitest'
import type { Control } from '../../../../shared/adapters/nats/control.ts'
import { Troubles } from '../../../../shared/runtime/trouble.ts'
import { Leases } from '../../../../triggers/positioned/lease.ts'
import { Roster } from '../../../../triggers/positioned/roster.ts'

/** The control bucket in memory. */
function memoryControl(): Control & { away: boolean } {
  const values = new Map<string, { value: unknown; revision: number }>()
  let revisions = 0
  const put = (key: string, value: unknown) => {
    values.set(key, { value, revision: ++revisions })
    return revisions
  }
  const control = {
    away: false,
    async get<T>(key: string) {
      if (control.away) throw new Error('away')
      return values.get(key) as { value: T; revision: number } | undefined
    },
    async create(key: string, value: unknown) {
      if (control.away) throw new Error('away')
      return values.has(key) ? undefined : put(key, value)
    },
    async replace(key: string, value: unknown, revision: number) {
      if (control.away) throw new Error('away')
      return values.get(key)?.revision === revision ? put(key, value) : undefined
    },
    async put(key: string, value: unknown) {
      put(key, value)
    },
    async remove(key: string, revision: number) {
      if (values.get(key)?.revision === revision) values.delete(key)
    },
  }
  return control
}

function trigger(control: Control, holder: string, readers: number) {
  const warned: string[] = []
  const troubles = new Troubles({ warn: (_: object, text: string) => warned.push(text), info: () => {} } as never)
  const lanes = new Set<number>()
  const roster = new Roster(control, holder, troubles)
  const leases = new Leases({
    control,
    holder,
    functionName: 'f',
    readers,
    alive: () => roster.alive,
    onTake: (lane) => void lanes.add(lane),
    onGive: async (lane) => void lanes.delete(lane),
    troubles,
  })
  const turn = async (second: number) => {
    await roster.beat(second * 1000)
    await leases.turn(second * 1000, 0)
  }
  return { lanes, turn, leases, roster, warned }
}

test('one process holds all lanes; a second one gets its share', async () => {
  const control = memoryControl()
  const a = trigger(control, 'a', 4)
  const b = trigger(control, 'b', 4)
  await a.turn(0)
  expect(a.lanes.size).toBe(4)
  for (let second = 1; second <= 3; second++) for (const one of [b, a]) await one.turn(second)
  expect([...a.lanes, ...b.lanes].sort()).toEqual([0, 1, 2, 3])
  expect(a.lanes.size).toBe(2)
})

test('a lease unchanged for three seconds of the own clock is taken over; not before', async () => {
  const control = memoryControl()
  const a = trigger(control, 'a', 2)
  const b = trigger(control, 'b', 2)
  await a.turn(0)
  await a.turn(1)
  for (const second of [100, 101, 102]) await b.turn(second)
  expect(b.lanes.size).toBe(0)
  await b.turn(103)
  expect(b.lanes.size).toBe(2)
  await a.turn(5)
  expect(a.lanes.size).toBe(0)
})

test('a restarted process takes its own leases at once', async () => {
  const control = memoryControl()
  await trigger(control, 'a', 3).turn(0)
  const again = trigger(control, 'a', 3)
  await again.turn(0)
  expect(again.lanes.size).toBe(3)
})

test('while the broker is away all is kept, and that time proves nothing against others', async () => {
  const control = memoryControl()
  const a = trigger(control, 'a', 1)
  const b = trigger(control, 'b', 1)
  await a.turn(0)
  await b.turn(0)
  control.away = true
  for (let second = 1; second < 20; second++) for (const one of [a, b]) await one.turn(second)
  expect(a.warned).toEqual([expect.stringContaining('the roster'), expect.stringContaining('leases of f')])
  control.away = false
  await b.turn(20)
  expect([a.lanes.size, b.lanes.size]).toEqual([1, 0])
  await a.turn(20)
  expect(a.lanes.size).toBe(1)
})

test('what is given back in order is free at once', async () => {
  const control = memoryControl()
  const a = trigger(control, 'a', 2)
  await a.turn(0)
  await a.leases.release()
  await a.roster.leave()
  const b = trigger(control, 'b', 2)
  await b.turn(0)
  expect(b.lanes.size).toBe(2)
})
