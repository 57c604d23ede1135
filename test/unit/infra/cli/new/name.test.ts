import { expect, test } from 'vitest'
import { parseName, renamed, usesName } from '../../../../../infra/cli/new/name.ts'

test('a name has a form for OpenFaaS and one for code', () => {
  expect(parseName('big-moves2-of-all')).toEqual({ service: 'big-moves2-of-all', identifier: 'bigMoves2OfAll' })
  expect(parseName('moves')).toEqual({ service: 'moves', identifier: 'moves' })
})

test.each(['', 'Big', 'big_moves', '-big', 'big-', 'big--moves', '2big', 'big.moves', '../big', 'a'.repeat(64)])(
  '%o is no name',
  (name) => {
    expect(() => parseName(name)).toThrow('is no name for a function')
  },
)

test.each(['new', 'delete', 'await'])('%s is a word of the language', (name) => {
  expect(() => parseName(name)).toThrow('choose another name')
})

test.each(['triggers', 'storage', 'feed', 'faas'])('%s is the name of a process, whose bundle and image are called so', (name) => {
  expect(() => parseName(name)).toThrow('choose another name')
})

test('only whole words are renamed', () => {
  const text = "'persist-bars' persistBars /persist-bars/ dlq.persist-bars persist-bars:1 persist-bars-too persistBarsToo my-persist-bars"
  expect(renamed(text, parseName('persist-bars'), parseName('big-moves'))).toBe(
    "'big-moves' bigMoves /big-moves/ dlq.big-moves big-moves:1 persist-bars-too persistBarsToo my-persist-bars",
  )
})

test('a name that code uses for something is found', () => {
  const code = 'const table = tableOf(bars)'
  expect(['table', 'bars', 'bar', 'table-of', 'of'].map((name) => usesName(code, parseName(name)))).toEqual([
    true,
    true,
    false,
    true,
    false,
  ])
})
