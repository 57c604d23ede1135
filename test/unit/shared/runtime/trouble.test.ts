import { expect, test } from 'vitest'
import { Troubles } from '../../../../shared/runtime/trouble.ts'

const recorded = () => {
  const lines: string[] = []
  const log = { warn: (_: object, text: string) => lines.push(`warn ${text}`), info: (text: string) => lines.push(`info ${text}`) }
  return { lines, troubles: new Troubles(log as never) }
}

test('work that fails again and again is told once, and once more when it works', async () => {
  const { lines, troubles } = recorded()

  expect(await troubles.watch('the roster', Promise.reject(new Error('away')))).toBe(false)
  expect(await troubles.watch('the roster', Promise.reject(new Error('away')))).toBe(false)
  expect(await troubles.watch('the roster', Promise.resolve())).toBe(true)
  await troubles.watch('the roster', Promise.resolve())
  troubles.failed('the roster', new Error('away'))

  const fails = 'warn the roster: this fails; not told again until it works'
  expect(lines).toEqual([fails, 'info the roster: this works again', fails])
})

test('each kind of work is told on its own', () => {
  const { lines, troubles } = recorded()

  troubles.failed('one', new Error('away'))
  troubles.failed('two', new Error('away'))
  troubles.worked('one')

  expect(lines.map((line) => line.slice(0, 8))).toEqual(['warn one', 'warn two', 'info one'])
})
