import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readRecords } from '../../infra/stack/record.ts'
import { type OwnStack, startOwnStack } from '../support/own-stack.ts'

let stack: OwnStack
afterEach(() => stack?.discard())

const total = async (): Promise<unknown> => {
  const response = await fetch(`${stack.urls.OPENSEARCH_URL}/alt_news/_search`)
  return ((await response.json()) as { hits?: { total: { value: number } } }).hits?.total.value
}

test('OpenSearch comes when all else is up, with what documents need; also after its data was lost', async () => {
  const said: string[] = []
  stack = await startOwnStack({ late: true, say: (line) => said.push(line) })
  expect(said.some((line) => line.startsWith('functions ready'))).toBe(true)
  expect(said.some((line) => line.startsWith('opensearch is there'))).toBe(false)

  await stack.late

  expect(said.at(-1)).toMatch(/^opensearch is there/)
  expect(await total()).toBe(0)

  const server = stack.process('opensearch')
  await server.stop()
  await rm(join(stack.settings.state, 'opensearch', 'data'), { recursive: true })
  await server.start()

  expect(await total()).toBe(0)
})

test('a stop while it still starts leaves no process', async () => {
  stack = await startOwnStack({ late: true })
  await expect.poll(() => readRecords(stack.settings.data).some(({ name }) => name === 'opensearch')).toBe(true)
  const pid = stack.process('opensearch').pid!

  await stack.stop()

  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(readRecords(stack.settings.data)).toEqual([])
})
