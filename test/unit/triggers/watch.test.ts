import { expect, test } from 'vitest'
import { triggerOf } from '../../../triggers/trigger.ts'
import { changesOf, type Listed } from '../../../triggers/watch.ts'

const trigger = (name: string, batch = '10') =>
  triggerOf(name, { 'trigger.stream': 'S', 'trigger.delivery': 'positioned', 'trigger.batch': batch })!
const listed = (name: string, batch?: string): Listed => ({ name, trigger: trigger(name, batch), problem: undefined })

test('what is new starts, what is gone stops, what changed does both, and the rest goes on', () => {
  const running = new Map(['same', 'changed', 'gone', 'broken'].map((name) => [name, trigger(name)]))
  const now = [listed('same'), listed('changed', '20'), listed('new'), { name: 'broken', trigger: undefined, problem: 'unknown key' }]
  const { stop, start } = changesOf(running, now)
  expect(stop).toEqual(['changed', 'gone', 'broken'])
  expect(start.map(({ functionName, batch }) => [functionName, batch])).toEqual([
    ['changed', 20],
    ['new', 10],
  ])
})
