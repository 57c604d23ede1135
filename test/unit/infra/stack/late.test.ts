import { expect, test } from 'vitest'
import { bringLate } from '../../../../infra/stack/late.ts'

const bring = async (more: Partial<Parameters<typeof bringLate>[0]>) => {
  const said: string[] = []
  const nothing = async () => {}
  const say = (line: string) => said.push(line)
  const { signal } = new AbortController()
  await bringLate({ settings: { given: {}, without: [] }, start: nothing, ready: nothing, waiting: ['alt-search'], say, signal, ...more })
  return said
}

test('what is still coming is said, and that it is there once the functions that need it are ready', async () => {
  const steps: string[] = []
  const step = (name: string) => async () => void steps.push(name)

  expect(await bring({ start: step('server'), ready: step('functions') })).toEqual([
    'still coming: opensearch, and what needs it (alt-search)',
    'opensearch is there, and what needs it (alt-search)',
  ])
  expect(steps).toEqual(['server', 'functions'])
})

test('a server that does not come stops nothing, and its cause is said', async () => {
  const start = () => Promise.reject(new Error('no Maven'))

  expect((await bring({ start })).at(-1)).toBe('opensearch has not come: no Maven. All else goes on without what needs it (alt-search)')
})

test('of a stack that is stopped in the meantime nothing more is said', async () => {
  const over = new AbortController()
  const start = async () => {
    over.abort()
    throw new Error('stopped')
  }

  expect(await bring({ start, signal: over.signal })).toHaveLength(1)
})

test('a stack without it waits for nothing', async () => {
  expect(await bring({ settings: { given: {}, without: ['opensearch'] } })).toEqual([])
})
