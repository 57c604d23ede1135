import { CONTROL_BUCKET, STREAMS } from '../../shared/contract/streams.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { Problem } from '../stack/problem.ts'
import { readSettings } from '../stack/settings.ts'
import { applyNats } from '../storage/apply.ts'
import { applyTables } from '../storage/questdb/apply.ts'
import { wholeNumber } from './number.ts'

/** Brings streams, bucket and tables to the servers whose addresses are given; starts nothing, and changes nothing when done again. */
export async function storage(options: { wait: string }): Promise<number> {
  const { nats, questdb } = readSettings().given
  const waitMs = wholeNumber('--wait', options.wait) * 1000
  if (!nats && !questdb) throw new Problem('give the addresses of the servers: NATS_URL for the streams, QUESTDB_URL for the tables')
  if (nats) {
    await applyNats(nats, waitMs)
    console.log(`${shownAddress(nats)} has the streams ${Object.keys(STREAMS).join(', ')} and the bucket ${CONTROL_BUCKET}`)
  }
  if (questdb) {
    await applyTables(questdb, waitMs)
    console.log(`${shownAddress(questdb)} has the tables and views of this version`)
  }
  return 0
}
