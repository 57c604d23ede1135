import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readState } from '../../infra/faas/state.ts'
import { identityOf } from '../../infra/stack/identity.ts'
import { readRecords } from '../../infra/stack/record.ts'
import { hasReferenceData, tradesFile } from '../support/reference.ts'
import { trade2026 } from './command-line.ts'

if (!hasReferenceData) console.warn('skipped: a test of recorded trades; ../shared/data is not there')

test.skipIf(!hasReferenceData)('a recorded file becomes bars equal to a recomputation, and the command ends with 0', async () => {
  const command = await trade2026('up', '--once', '--replay', tradesFile('kraken-xbtusdt'))

  const code = await command.ended

  expect(code, command.output()).toBe(0)
  await command.discard()
})

test('a minute of simulation becomes bars equal to a recomputation, and the command ends with 0', async () => {
  const command = await trade2026('up', '--once')

  const code = await command.ended

  expect(code, command.output()).toBe(0)
  await command.discard()
})

test('Ctrl-C stops everything in order and leaves no process', async () => {
  const command = await trade2026('up', '--no-feed')
  await expect.poll(command.output, { timeout: 120_000, interval: 100 }).toContain('all is up')
  const running = processesOf(command.data)

  command.signal('SIGINT')
  const code = await command.ended

  expect(code, command.output()).toBe(0)
  expect(running.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['nats', 'valkey', 'questdb', 'gateway', 'trigger-0', 'tick-to-bar', 'persist-bars', 'bars']),
  )
  expect(running.filter(({ pid, identity }) => identityOf(pid) === identity)).toEqual([])
  await command.discard()
})

/** Every process of a stack: those of its supervisor, and the functions' replicas. */
function processesOf(data: string): { name: string; pid: number; identity: string }[] {
  const replicas = readState<{ service: string; pid: number; identity: string }[]>(join(data, 'faas', 'replicas.json'), [])
  return [...readRecords(data), ...replicas.map(({ service, ...replica }) => ({ ...replica, name: service }))]
}
