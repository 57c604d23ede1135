import { expect, test, vi } from 'vitest'
import { wholeHistory } from '../../../functions/tick-to-bar/whole-history.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { bar } from '../../support/bar.ts'
import { memoryBarHistory } from '../../support/memory-bar-history.ts'
import { memoryPositionTable } from '../../support/memory-position-table.ts'

const LAST = 7
const at = (sequence: number) => ({ version: versionOf(1, sequence), ns: `${sequence}` })

function setUp() {
  const positions = memoryPositionTable()
  const history = wholeHistory(memoryBarHistory([bar({})]), { positions, stream: 'BARS', last: async () => LAST })
  const stand = async (slot: number, sequence: number) => {
    await positions.read('BARS')
    await positions.write('BARS', [slot], at(sequence))
  }
  return { history, stand }
}

test('rows are told once the last bar handed on before is among them', async () => {
  const { history, stand } = setUp()
  await stand(0, LAST)
  await stand(1, LAST - 1)
  const told = vi.fn()
  const traces = history.traces(0).then(told)
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).not.toHaveBeenCalled()
  await stand(1, LAST)
  await traces
  expect(told).toHaveBeenCalledWith([expect.objectContaining({ symbol: bar({}).symbol })])
})

test('while bars wait to be written for long, nothing is told', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  try {
    const { history, stand } = setUp()
    await stand(0, 3)
    const traces = history.traces(0)
    const outcome = expect(traces).rejects.toThrow('4 messages of BARS')
    await vi.advanceTimersByTimeAsync(10_000)
    await outcome
  } finally {
    vi.useRealTimers()
  }
})

test('where nothing ever wrote rows, nothing is waited for', async () => {
  expect(await setUp().history.traces(0)).toHaveLength(1)
})
