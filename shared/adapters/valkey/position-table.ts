import type { Position } from '../../domain/position.ts'
import type { PositionTable } from '../../ports/position-table.ts'
import type { Valkey } from './connect.ts'
import { positionsKey } from './keys.ts'
import { recordScript, within } from './scripts.ts'

/** A restart with loading fits in; beyond it the caller is told to come again. */
const PATIENCE_MS = 5_000

/** What was read: which run of the server it was, and whether it held positions. */
type Known = { readonly run: string; readonly any: boolean }

/** The positions of one function in Valkey, a hash a stream, for functions that have no database of their own; see lua/record-positions.lua. */
export function valkeyPositionTable({ state }: Valkey, functionName: string): PositionTable {
  const record = recordScript(state)
  const known = new Map<string, Known>()
  return {
    async read(stream) {
      const asked = Promise.all([state.info('server'), state.hgetall(positionsKey(functionName, stream))])
      const [info, hash] = await within(PATIENCE_MS, 'positions', asked)
      const stored = Object.entries(hash)
      known.set(stream, { run: /run_id:(\w+)/.exec(info)![1]!, any: stored.length > 0 })
      return new Map(stored.map(([slot, text]) => [Number(slot), positionOf(text)]))
    },
    async write(stream, slots, { version, ns }) {
      const here = known.get(stream)
      if (!here) throw new Error('positions are written only after they were read')
      const answer = record(1, positionsKey(functionName, stream), here.run, here.any ? '1' : '0', version, ns, ...slots)
      await within(PATIENCE_MS, 'a position', answer)
    },
  }
}

const positionOf = (text: string): Position => {
  const [version, ns] = text.split(':') as [string, string]
  return { version: Number(version), ns }
}
