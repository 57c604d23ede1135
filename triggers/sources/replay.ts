import { basename } from 'node:path'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { instrumentOf, rowReader } from './csv.ts'
import { linesOf } from './lines.ts'
import { mergeByTime } from './merge.ts'
import type { Instrument, Source, SourceTick } from './source.ts'

/** A file of trades and whose trades they are. */
export type Tape = { readonly path: string; readonly instrument: Instrument }

/**
 * Pairs files with exchanges and symbols: the n-th name belongs to the n-th file, a single one to all, and what is not given is read off the file's name.
 * @throws {RangeError} when the numbers do not fit, or a name says nothing.
 */
export function tapesOf(paths: readonly string[], exchanges: readonly string[], symbols: readonly string[]): Tape[] {
  const nth = (names: readonly string[], i: number, what: string) => {
    if (names.length > 1 && names.length !== paths.length) throw new RangeError(`${names.length} ${what} given for ${paths.length} files`)
    return names[names.length > 1 ? i : 0]
  }
  return paths.map((path, i) => {
    const [exchange, symbol] = [nth(exchanges, i, 'exchanges'), nth(symbols, i, 'symbols')]
    return {
      path,
      instrument:
        exchange && symbol
          ? { exchange, symbol }
          : { ...instrumentOf(basename(path)), ...(exchange && { exchange }), ...(symbol && { symbol }) },
    }
  })
}

/** The ticks of one file, in its own order. */
async function* ticksOf({ path, instrument }: Tape): AsyncGenerator<readonly SourceTick[]> {
  let read: ReturnType<typeof rowReader> | undefined
  let lineNumber = 0
  try {
    for await (const lines of linesOf(path)) {
      const ticks: SourceTick[] = []
      for (const line of lines) {
        lineNumber++
        if (read) ticks.push(read(line, lineNumber))
        else read = rowReader(line, instrument)
      }
      yield ticks
    }
  } catch (error) {
    throw new TerminalError('ERR_CONFIG', `${path}: ${error instanceof Error ? error.message : error}`, error)
  }
  if (!read) throw new TerminalError('ERR_CONFIG', `${path}: the file is empty`)
}

/**
 * Recorded trades of one or more files, merged by time (by arrival where a file has it).
 * @param from - how many ticks of the merged order to pass over: where an earlier run ended.
 */
export async function* replay(tapes: readonly Tape[], from = 0): Source & AsyncGenerator<readonly SourceTick[]> {
  let passed = 0
  for await (const ticks of tapes.length === 1 ? ticksOf(tapes[0]!) : mergeByTime(tapes.map(ticksOf))) {
    const skip = Math.min(ticks.length, Math.max(0, from - passed))
    passed += ticks.length
    if (skip < ticks.length) yield skip === 0 ? ticks : ticks.slice(skip)
  }
}
