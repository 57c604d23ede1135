import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { natsStream } from '../../shared/adapters/nats/stream.ts'
import { questdbBarHistory } from '../../shared/adapters/questdb/bar-history.ts'
import { questdbConfig } from '../../shared/adapters/questdb/config.ts'
import { connectQuestdb } from '../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../shared/adapters/questdb/position-table.ts'
import { valkeyBarCache } from '../../shared/adapters/valkey/bar-cache.ts'
import { valkeyBarStore } from '../../shared/adapters/valkey/bar-store.ts'
import { valkeyConfig } from '../../shared/adapters/valkey/config.ts'
import { connectValkey } from '../../shared/adapters/valkey/connect.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { tickToBar } from './handler.ts'
import { wholeHistory } from './whole-history.ts'

const ms = (fallback: number) => z.coerce.number().int().nonnegative().default(fallback)

const config = loadConfig({
  ...natsConfig,
  ...valkeyConfig,
  ...questdbConfig,
  BAR_GRACE_MS: ms(2_000),
  BAR_HORIZON_MS: ms(600_000),
  BAR_IDLE_MS: ms(60_000),
  TICK_FUTURE_MS: ms(5_000),
  LIVE_INTERVAL_MS: ms(250),
})
const valkey = connectValkey(config)
const nats = connectNats(config, 'tick-to-bar')
const questdb = connectQuestdb(config)
const bars = natsStream(nats, STREAMS.BARS.name)
const history = wholeHistory(questdbBarHistory(questdb), {
  positions: questdbPositionTable(questdb, 'persist-bars'),
  stream: STREAMS.BARS.name,
  last: async () => (await bars.state()).last,
})

const app = tickToBar(
  {
    store: valkeyBarStore(valkey, STREAMS.MARKET_TICKS.slots),
    publisher: natsPublisher(nats),
    cache: valkeyBarCache(valkey),
    history,
  },
  {
    stream: STREAMS.MARKET_TICKS,
    graceMs: config.BAR_GRACE_MS,
    horizonMs: config.BAR_HORIZON_MS,
    idleMs: config.BAR_IDLE_MS,
    futureMs: config.TICK_FUTURE_MS,
    liveIntervalMs: config.LIVE_INTERVAL_MS,
    instance: randomBytes(9).toString('base64url'),
  },
)

// QuestDB is not among them: it is read only where a slot begins behind messages that are gone.
serve(app, [valkey, nats, app.outbox])
