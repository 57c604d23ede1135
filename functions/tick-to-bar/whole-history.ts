import { sequenceOf } from '../../shared/domain/version.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

type Writer = {
  /** Where the function that writes the rows stands in the stream of closed bars. */
  readonly positions: PositionTable
  readonly stream: string
  /** The newest sequence of that stream. */
  readonly last: () => Promise<number>
}

/** Rows are written once a second; beyond it the caller is told to come again. */
const PATIENCE_MS = 5_000
const PAUSE_MS = 100

/**
 * A history that tells nothing before all bars handed on until now are in it: from less, bars would be made that lack trades, under versions
 * that nothing corrects. Where no writer has ever stood, there is nothing to wait for.
 */
export function wholeHistory(history: BarHistory, { positions, stream, last }: Writer): BarHistory {
  return {
    ...history,
    async traces(after) {
      const newest = await last()
      const end = performance.now() + PATIENCE_MS
      for (let behind = await lag(newest); behind > 0; behind = await lag(newest)) {
        if (performance.now() > end)
          throw new RetryableError('ERR_UNAVAILABLE', `${behind} messages of ${stream} are not in the tables yet`)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
      return history.traces(after)
    },
  }

  async function lag(newest: number): Promise<number> {
    const stored = [...(await positions.read(stream)).values()]
    return stored.length === 0 ? 0 : newest - Math.min(...stored.map(({ version }) => sequenceOf(version)))
  }
}
