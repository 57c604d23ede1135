import { expect, test } from 'vitest'
import { versionOf } from '../../shared/domain/version.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'

type PositionTableSubject = {
  /** The positions of a function as a new process of it sees them. */
  table(functionName: string): PositionTable
  /** Waits until all that was written can be read by others. */
  settled(): Promise<void>
  /** Kills the server; resolves when it is back. */
  restart(): Promise<void>
}

let functions = 0
const newFunction = () => `function-${++functions}`
const position = (epoch: number, sequence: number) => ({ version: versionOf(epoch, sequence), ns: `169729200012345${sequence}` })

/** What every position table must do. Each case has a function of its own, so they may share a server. */
export function positionTableCases(subject: () => PositionTableSubject): void {
  const table = (functionName: string) => subject().table(functionName)

  test('a position is seen at once by its writer and, once settled, by others, digit by digit', async () => {
    const name = newFunction()
    const mine = table(name)
    expect(await mine.read('BARS')).toEqual(new Map())
    const largest = { version: versionOf(8191, 2 ** 40 - 1), ns: '1697292000123456789' }
    await mine.write('BARS', [0, 2, 15], largest)
    const written = new Map([0, 2, 15].map((slot) => [slot, largest]))
    expect(await mine.read('BARS')).toEqual(written)
    await subject().settled()
    expect(await table(name).read('BARS')).toEqual(written)
  })

  test('functions and streams do not mix, whatever their names', async () => {
    const name = newFunction()
    const mine = table(name)
    await mine.read('BARS')
    await mine.write('BARS', [0], position(1, 1))
    await subject().settled()
    expect(await mine.read('TICKS')).toEqual(new Map())
    expect(await table(`${name}'; --`).read('BARS')).toEqual(new Map())
  })

  test('slots stand on their own', async () => {
    const mine = table(newFunction())
    await mine.read('BARS')
    await mine.write('BARS', [0, 1], position(1, 5))
    await mine.write('BARS', [1], position(1, 9))
    const stored = [position(1, 5), position(1, 9)]
    expect(await mine.read('BARS')).toEqual(new Map(stored.entries()))
  })

  test('a process that sees another go ahead follows it', async () => {
    const name = newFunction()
    const [one, two] = [table(name), table(name)]
    await one.read('BARS')
    await two.read('BARS')
    await one.write('BARS', [1], position(1, 5))
    await subject().settled()
    expect(await two.read('BARS')).toEqual(new Map([[1, position(1, 5)]]))
  })

  test('a late writer never takes a position back into an older epoch', async () => {
    const name = newFunction()
    const [late, now] = [table(name), table(name)]
    await late.read('BARS')
    await now.read('BARS')
    await now.write('BARS', [0], position(2, 3))
    await late.write('BARS', [0], position(1, 900))
    await subject().settled()
    expect(await now.read('BARS')).toEqual(new Map([[0, position(2, 3)]]))
    expect(await table(name).read('BARS')).toEqual(new Map([[0, position(2, 3)]]))
  })

  test('after a restart nothing is recorded until it was read again', async () => {
    const name = newFunction()
    const mine = table(name)
    await mine.read('BARS')
    await mine.write('BARS', [0], position(1, 10))
    await subject().restart()
    await mine.write('BARS', [0], position(1, 11))
    expect(await mine.read('BARS')).toEqual(new Map([[0, position(1, 10)]]))
    await mine.write('BARS', [0], position(1, 11))
    await subject().settled()
    expect(await table(name).read('BARS')).toEqual(new Map([[0, position(1, 11)]]))
  })
}
