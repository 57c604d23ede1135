import { tickToBar } from '../../../functions/tick-to-bar/handler.ts'
import type { StreamSpec } from '../../../shared/contract/streams.ts'
import type { BarSettings } from '../../../shared/domain/bar-settings.ts'
import type { BarStore } from '../../../shared/ports/bar-store.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import type { Answer } from '../../../triggers/outcome.ts'
import { runAs } from './time.ts'
import type { Process } from './wire.ts'

/** A message with this text makes the function fail inside, always. */
export const POISON = 'poison'
const failed: Answer = { status: 500, headers: {}, body: '{"code":"ERR_INTERNAL"}' }

type ReplicaPorts = { readonly store: BarStore; readonly publisher: Publisher }

/** One process of the function: the product's own handler, with ports that lead to the simulation. */
export class Replica {
  readonly process: Process
  readonly #app: ReturnType<typeof tickToBar>

  constructor(process: Process, { store, publisher }: ReplicaPorts, settings: BarSettings, stream: StreamSpec) {
    this.process = process
    const cache = { show: async () => {} }
    this.#app = runAs({ process }, () =>
      tickToBar({ store, publisher, cache }, { ...settings, stream, liveIntervalMs: 250, instance: process.name }),
    )
  }

  /** Answers a batch, or tells positions. Never resolves once the process is dead and waits for something. */
  async serve(body: Uint8Array | undefined): Promise<Answer> {
    if (body && Buffer.from(body).includes(`\n${POISON}\n`)) return failed
    const response = await runAs({ process: this.process, work: body }, async () =>
      body ? this.#app.request('/', { method: 'POST' }, { incoming: incoming(body) }) : this.#app.request('/positions?stream=MARKET_TICKS'),
    )
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
  }
}

/** The request as Node's server gives it, as far as the runtime reads it: all of its body at once. */
function incoming(body: Uint8Array) {
  const events = {
    complete: true,
    on(name: string, hear: (data?: unknown) => void) {
      if (name === 'data') queueMicrotask(() => hear(Buffer.from(body)))
      if (name === 'end') queueMicrotask(() => hear())
      return events
    },
  }
  return events as never
}
