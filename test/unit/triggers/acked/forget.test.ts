import { expect, test } from 'vitest'
import { forgetAcked } from '../../../../triggers/acked/forget.ts'
import { Bucket } from '../../simulation/broker.ts'

const DAY_MS = 86_400_000

/** A bucket in which functions have left their places, their consumers, and a look at them at a time. */
function setUp(...places: string[]) {
  const bucket = new Bucket()
  for (const place of places) bucket.put(`acked.${place}`, { floor: 7 })
  const consumers = new Map(places.map((place) => [place, { pending: 0, unsettled: 0 }]))
  const wanted = new Set<string>()
  const control = {
    get: async <T>(key: string) => bucket.get<T>(key),
    create: async (key: string, value: unknown) => bucket.create(key, value),
    replace: async (key: string, value: unknown, revision: number) => bucket.replace(key, value, revision),
    remove: async (key: string, revision: number) => bucket.remove(key, revision),
    keys: async () => [...bucket.values.keys()].filter((key) => key.startsWith('acked.')),
  }
  const durable = (stream: string, functionName: string) => ({
    state: async () => {
      const found = consumers.get(`${functionName}.${stream}`)
      return found && { floor: 7, delivered: 7, ...found }
    },
    remove: async () => void consumers.delete(`${functionName}.${stream}`),
  })
  const look = (nowMs: number) =>
    forgetAcked(
      {
        control,
        durable,
        isWanted: (functionName, stream) => wanted.has(`${functionName}.${stream}`),
        isEmptiedFirst: (functionName) => functionName.includes('_'),
      },
      nowMs,
      DAY_MS,
    )
  return { bucket, consumers, wanted, control, look, left: () => [...bucket.values.keys()].sort() }
}

test('what a function has left goes when it has been missed for the whole time, and not before', async () => {
  const { wanted, look, left, consumers } = setUp('gone.S', 'here.S', 'here.OLD')
  wanted.add('here.S')

  expect(await look(0)).toEqual([])
  expect(await look(DAY_MS - 1)).toEqual([])
  expect(consumers.size).toBe(3)
  expect(await look(DAY_MS)).toEqual(['gone on S', 'here on OLD'])

  expect(left()).toEqual(['acked.here.S'])
  expect([...consumers.keys()]).toEqual(['here.S'])
})

test('a function that comes back in time is missed anew from the next time on', async () => {
  const { wanted, look, left } = setUp('f.S')
  await look(0)
  wanted.add('f.S')
  await look(DAY_MS - 1)
  expect(left()).toEqual(['acked.f.S'])
  wanted.clear()
  await look(DAY_MS)
  expect(await look(2 * DAY_MS - 1)).toEqual([])
  expect(await look(2 * DAY_MS)).toEqual(['f on S'])
})

test('a function that another process sees again at that very moment keeps its consumer', async () => {
  const { bucket, consumers, control, look } = setUp('f.S')
  await look(0)
  const { get } = control
  control.get = async <T>(key: string) => {
    const found = await get<T>(key)
    if (key === 'missed.f.S' && found) bucket.remove(key, found.revision)
    return found
  }
  expect(await look(DAY_MS)).toEqual([])
  expect(consumers.size).toBe(1)
})

test('a queue of asynchronous calls goes only when nothing waits in it', async () => {
  const { consumers, look } = setUp('async_f.ASYNC')
  consumers.set('async_f.ASYNC', { pending: 1, unsettled: 0 })
  await look(0)
  expect(await look(DAY_MS)).toEqual([])
  consumers.set('async_f.ASYNC', { pending: 0, unsettled: 0 })
  expect(await look(DAY_MS + 1)).toEqual(['async_f on ASYNC'])
})

test('killed in between, the next look goes on', async () => {
  const { control, look, left, consumers } = setUp('f.S')
  await look(0)
  const { remove } = control
  control.remove = () => Promise.reject(new Error('killed'))
  await expect(look(DAY_MS)).rejects.toThrow('killed')
  control.remove = remove
  expect(await look(DAY_MS)).toEqual(['f on S'])
  expect(left()).toEqual([])
  expect(consumers.size).toBe(0)
})
