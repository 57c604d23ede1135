import * as z from 'zod'
import feedsFile from '../../config/alt/feeds.yml'
import symbolsFile from '../../config/alt/symbols.yml'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../shared/adapters/nats/control.ts'
import { natsStoringPublisher } from '../../shared/adapters/nats/storing-publisher.ts'
import { loadConfig, whole } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { blocksOf } from './feeds/address.ts'
import { FeedsFile } from './feeds/feeds.ts'
import { fetchFeed } from './feeds/fetch.ts'
import { altIngest, NAME } from './handler.ts'
import { SymbolsFile } from './symbols/aliases.ts'
import { aliasTable } from './symbols/table.ts'

const config = loadConfig({
  ...natsConfig,
  ALT_FEEDS_TIMEOUT_MS: whole(15_000),
  ALT_FEEDS_BYTES: whole(1024 * 1024),
  ALT_FEEDS_AGENT: z.string().min(1).default('trade2026-alt-ingest/0.1'),
  ALT_FEEDS_ALLOW: z
    .string()
    .default('')
    .transform((text, context) => {
      try {
        return blocksOf(text)
      } catch {
        context.addIssue({ code: 'custom', message: 'expected blocks of addresses parted by commas, such as 10.1.0.0/16, 127.0.0.1' })
        return z.NEVER
      }
    }),
})
const { feeds, table } = loadConfig({ feeds: FeedsFile.transform((file) => file.feeds), table: SymbolsFile.transform(aliasTable) }, {
  feeds: feedsFile,
  table: symbolsFile,
} as never)

const nats = connectNats(config, NAME)
const settings = {
  agent: config.ALT_FEEDS_AGENT,
  allowed: config.ALT_FEEDS_ALLOW,
  timeoutMs: config.ALT_FEEDS_TIMEOUT_MS,
  mostBytes: config.ALT_FEEDS_BYTES,
}

serve(
  altIngest({
    publisher: natsStoringPublisher(nats),
    store: natsControl(nats),
    fetch: (url, validators) => fetchFeed(url, validators, settings),
    feeds,
    aliases: table,
  }),
  [nats],
)
