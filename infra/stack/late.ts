import { applyIndices } from '../storage/opensearch/apply.ts'
import { messageOf } from './problem.ts'
import { LATE_SERVERS, type LateServer } from './servers.ts'
import type { Settings } from './settings.ts'

type Late = {
  readonly settings: Pick<Settings, 'given' | 'without'>
  /** Gets a server, starts it and waits until it has what is stored on it. */
  readonly start: (name: LateServer) => Promise<unknown>
  /** The functions that wait for it, and what waits until they are ready. */
  readonly waiting: readonly string[]
  readonly ready: () => Promise<void>
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A server given by address takes this long at most. */
const GIVEN_MS = 60_000

/** Brings the servers that come late while all else runs already. One that does not come stops nothing: it is said, and what needs it waits. */
export async function bringLate({ settings, start, ready, waiting, say, signal }: Late): Promise<void> {
  for (const name of LATE_SERVERS) {
    if (settings.without.includes(name)) continue
    const whose = waiting.length > 0 ? ` (${waiting.join(', ')})` : ''
    const given = settings.given[name]
    try {
      say(`still coming: ${name}, and what needs it${whose}`)
      await (given ? applyIndices(given, GIVEN_MS, signal) : start(name))
      await ready()
      say(`${name} is there, and what needs it${whose}`)
    } catch (error) {
      if (!signal.aborted) say(`${name} has not come: ${messageOf(error)}. All else goes on without what needs it${whose}`)
    }
  }
}
