import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { applyStreams } from './jetstream/apply.ts'
import { applyTables } from './questdb/apply.ts'

/** Creates streams, bucket and tables, or brings them up to date: the one place that does. Doing it again changes nothing. */
export async function applyStorage(urls: { readonly NATS_URL: string; readonly QUESTDB_URL: string }): Promise<void> {
  await Promise.all([streams(urls.NATS_URL), applyTables(urls.QUESTDB_URL)])
}

const streams = async (natsUrl: string): Promise<void> => {
  const nats = connectNats({ NATS_URL: natsUrl }, 'storage')
  try {
    await applyStreams(await nats.connection)
  } finally {
    await nats.close()
  }
}
