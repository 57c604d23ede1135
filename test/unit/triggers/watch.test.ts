import { expect, test } from 'vitest'
import { triggerOf } from '../../../triggers/trigger.ts'
import { changesOf } from '../../../triggers/watch.ts'

const trigger = (name: string, batch = '10') =>
  triggerOf(name, { 'trigger.stream': 'S', 'trigger.delivery': 'positioned', 'trigger.batch': batch })!

test('what is new starts, what is gone stops, what changed does both, and the rest goes on', () => {
  const running = new Map(['same', 'changed', 'gone'].map((name) => [name, trigger(name)]))
  const { stop, start } = changesOf(running, [trigger('same'), trigger('changed', '20'), trigger('new')])
  expect(stop).toEqual(['changed', 'gone'])
  expect(start.map(({ functionName, batch }) => [functionName, batch])).toEqual([
    ['changed', 20],
    ['new', 10],
  ])
})
