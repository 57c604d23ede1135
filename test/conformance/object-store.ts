import { expect, test } from 'vitest'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (read: Uint8Array | undefined) => read && new TextDecoder().decode(read)
const keysOf = async (objects: AsyncIterable<{ readonly key: string }>) => Array.fromAsync(objects, ({ key }) => key)

/** What every object store must do. @param fresh - a store, and a prefix under which there is nothing. */
export function objectStoreCases(fresh: () => Promise<{ store: ObjectStore; prefix: string }>): void {
  test('an object reads back, an absent one is undefined', async () => {
    const { store, prefix } = await fresh()
    await store.put(`${prefix}a`, bytes('one'))
    await store.put(`${prefix}a`, bytes('two'))

    expect(text(await store.get(`${prefix}a`))).toBe('two')
    expect(await store.get(`${prefix}b`)).toBeUndefined()
  })

  test('a part of an object reads back, up to its end', async () => {
    const { store, prefix } = await fresh()
    await store.put(`${prefix}a`, bytes('0123456789'))

    expect(text(await store.getRange(`${prefix}a`, 2, 5))).toBe('234')
    expect(text(await store.getRange(`${prefix}a`, 8, 20))).toBe('89')
    expect(await store.getRange(`${prefix}b`, 0, 1)).toBeUndefined()
  })

  test('an object is read part by part, an absent one is undefined', async () => {
    const { store, prefix } = await fresh()
    const whole = new Uint8Array(300_000).map((_, i) => i % 251)
    await store.put(`${prefix}large`, whole)

    const parts = await Array.fromAsync((await store.open(`${prefix}large`))!)
    expect(Buffer.concat(parts).equals(whole)).toBe(true)
    expect(await store.open(`${prefix}never`)).toBeUndefined()
  })

  test('of two who put one key if absent one wins, and the object is the winner’s', async () => {
    const { store, prefix } = await fresh()
    const results = await Promise.all(['x', 'y'].map((who) => store.putIfAbsent(`${prefix}k`, bytes(who))))

    expect(results.toSorted()).toEqual(['created', 'exists'])
    expect(text(await store.get(`${prefix}k`))).toBe(results[0] === 'created' ? 'x' : 'y')
    expect(await store.putIfAbsent(`${prefix}k`, bytes('z'))).toBe('exists')
  })

  test('a list is of one prefix, in order, from after a key; what is removed is gone', async () => {
    const { store, prefix } = await fresh()
    for (const name of ['p/2', 'p/10', 'p/1', 'q/1', 'p/é']) await store.put(`${prefix}${name}`, bytes(name))
    const names = async (under: string, after?: string) =>
      (await keysOf(store.list(`${prefix}${under}`, after && `${prefix}${after}`))).map((key) => key.slice(prefix.length))

    expect(await names('p/')).toEqual(['p/1', 'p/10', 'p/2', 'p/é'])
    expect(await names('p/', 'p/10')).toEqual(['p/2', 'p/é'])
    expect(await names('r/')).toEqual([])

    await store.remove([`${prefix}p/1`, `${prefix}p/2`, `${prefix}never`])
    expect(await names('p/')).toEqual(['p/10', 'p/é'])
  })

  test('a list tells sizes and times', async () => {
    const { store, prefix } = await fresh()
    await store.put(`${prefix}a`, bytes('four'))
    const [object] = await Array.fromAsync(store.list(prefix))

    expect(object?.sizeBytes).toBe(4)
    expect(Math.abs(Date.now() - object!.modifiedMs)).toBeLessThan(600_000)
  })
}
