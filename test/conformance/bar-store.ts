import { beforeEach, expect, test } from 'vitest'
import type { BarStore, SlotCommit } from '../../shared/ports/bar-store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)

const change = (slot: number, after: number, more: Partial<SlotCommit> = {}): SlotCommit => ({
  slot,
  after,
  begin: false,
  token: '',
  puts: [],
  deletes: [],
  outbox: null,
  published: [],
  ...more,
})
const position = (version: number) => ({ version, ns: `${version}7` })

/** What every store of bar state does. @param open - gives an empty store of 16 slots. */
export function barStoreCases(open: () => Promise<BarStore>): void {
  let store: BarStore
  beforeEach(async () => {
    store = await open()
    expect(await store.commit(position(10), 't1', [change(1, 5, { begin: true }), change(2, 5, { begin: true })])).toBe('applied')
  })

  test('an empty slot has no position, no token and nothing in it', async () => {
    const [slot] = await store.load([3])
    expect(slot).toEqual({ position: null, token: '', fields: new Map(), outbox: new Map() })
    expect((await store.positions())[3]).toBeNull()
  })

  test('a commit moves all its slots, and no other', async () => {
    expect(await store.commit(position(20), 't2', [change(1, 10, { token: 't1' }), change(2, 10, { token: 't1' })])).toBe('applied')
    const positions = await store.positions()
    expect(positions).toHaveLength(16)
    expect(positions.slice(0, 4)).toEqual([null, position(20), position(20), null])
  })

  test('fields are set and deleted, whatever bytes they hold', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const puts = [
      ['a', all],
      ['b', bytes('')],
      ['c', bytes('c')],
    ] as const
    await store.commit(position(20), 't2', [change(1, 10, { token: 't1', puts })])
    await store.commit(position(30), 't3', [change(1, 20, { token: 't2', deletes: ['c', 'none'], puts: [['b', bytes('new')]] })])
    const [slot] = await store.load([1])
    expect([...slot!.fields.keys()].sort()).toEqual(['a', 'b'])
    expect(new Uint8Array(slot!.fields.get('a')!)).toEqual(all)
    expect(text(slot!.fields.get('b'))).toBe('new')
  })

  test('thousands of fields, and fields of megabytes, fit in one commit', async () => {
    const many = Array.from({ length: 5_003 }, (_, i) => [`f${i}`, bytes(`${i}`)] as const)
    const large = ['large', new Uint8Array(3_000_000).fill(7)] as const
    await store.commit(position(20), 't2', [change(1, 10, { token: 't1', puts: [...many, large] })])
    const [slot] = await store.load([1])
    expect(slot!.fields.size).toBe(5_004)
    expect(text(slot!.fields.get('f5002'))).toBe('5002')
    expect(slot!.fields.get('large')).toHaveLength(3_000_000)
    await store.commit(position(30), 't3', [change(1, 20, { token: 't2', deletes: many.map(([name]) => name) })])
    expect((await store.load([1]))[0]!.fields.size).toBe(1)
  })

  test('outbox entries stay under the token of their commit until one deletes them', async () => {
    await store.commit(position(20), 't2', [change(1, 10, { token: 't1', outbox: bytes('two') }), change(2, 10, { token: 't1' })])
    await store.commit(position(30), 't3', [change(1, 20, { token: 't2', outbox: bytes('three'), published: ['t2'] })])
    const [one, two] = await store.load([1, 2])
    expect([...one!.outbox].map(([name, value]) => [name, text(value)])).toEqual([['t3', 'three']])
    expect(two!.outbox.size).toBe(0)
    expect(one!.token).toBe('t3')
  })

  test('a commit that starts elsewhere, in any slot, changes nothing', async () => {
    const wrong = [change(1, 10, { token: 't1', puts: [['a', bytes('a')]] }), change(2, 9, { token: 't1' })]
    expect(await store.commit(position(20), 't2', wrong)).toBe('conflict')
    expect((await store.load([1]))[0]).toMatchObject({ position: position(10), token: 't1', fields: new Map() })
  })

  test('a commit done before is a repeat, and changes nothing', async () => {
    const again = [change(1, 5, { begin: true, puts: [['a', bytes('a')]] }), change(2, 5, { begin: true })]
    expect(await store.commit(position(10), 't1', again)).toBe('repeat')
    expect((await store.load([1]))[0]!.fields.size).toBe(0)
  })

  test('a version that was given to another message is no repeat, and nothing to go on from', async () => {
    const other = { version: 10, ns: '999' }
    expect(await store.commit(other, 't2', [change(1, 5, { begin: true }), change(2, 5, { begin: true })])).toBe('conflict')
    expect(await store.commit(other, 't2', [change(1, 10, { token: 't1' })])).toBe('conflict')
    // A time that is not known contradicts none.
    expect(await store.commit({ ...other, ns: '0' }, 't2', [change(1, 5, { begin: true })])).toBe('repeat')
    expect((await store.positions())[1]).toEqual(position(10))
  })

  test('a slot without a position is begun only by a commit that may', async () => {
    expect(await store.commit(position(10), 't2', [change(3, 5)])).toBe('conflict')
    expect(await store.commit(position(10), 't2', [change(3, 5, { begin: true })])).toBe('applied')
  })

  test('a commit computed from what another one replaced is stale, though the position agrees', async () => {
    // Also a quiet commit, which leaves the position where it is, replaces the token.
    expect(await store.commit(position(10), 't2', [change(1, 10, { token: 't1', puts: [['a', bytes('2')]] })])).toBe('applied')
    expect(await store.commit(position(20), 't3', [change(1, 10, { token: 't1', puts: [['a', bytes('3')]] })])).toBe('stale')
    expect(text((await store.load([1]))[0]!.fields.get('a'))).toBe('2')
    expect(await store.commit(position(20), 't3', [change(1, 10, { token: 't2' })])).toBe('applied')
  })
}
