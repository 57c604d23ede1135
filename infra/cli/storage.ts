import { CONTROL_BUCKET, STREAMS } from '../../shared/contract/streams.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { Problem } from '../stack/problem.ts'
import { readSettings } from '../stack/settings.ts'
import { applyBucket, applyNats } from '../storage/apply.ts'
import { applyIndices } from '../storage/opensearch/apply.ts'
import { applyTables } from '../storage/questdb/apply.ts'
import { wholeNumber } from './option.ts'

/** Brings streams, bucket, tables and indices to the servers whose addresses are given; starts nothing, and changes nothing when done again. */
export async function storage(options: { wait: string }): Promise<number> {
  const { given, s3Keys } = readSettings()
  const { nats, questdb, s3, opensearch } = given
  const waitMs = wholeNumber('--wait', options.wait) * 1000
  if (!nats && !questdb && !s3 && !opensearch)
    throw new Problem(
      'give the addresses of the servers: NATS_URL for the streams, QUESTDB_URL for the tables, S3_URL for the bucket, OPENSEARCH_URL for the indices',
    )
  if (nats) {
    await applyNats(nats, waitMs)
    console.log(`${shownAddress(nats)} has the streams ${Object.keys(STREAMS).join(', ')} and the bucket ${CONTROL_BUCKET}`)
  }
  if (questdb) {
    await applyTables(questdb, waitMs)
    console.log(`${shownAddress(questdb)} has the tables and views of this version`)
  }
  if (s3) {
    await applyBucket(s3, s3Keys)
    console.log(`${shownAddress(s3)} has the bucket of the lake, and its If-None-Match holds`)
  }
  if (opensearch) {
    await applyIndices(opensearch, waitMs)
    console.log(`${shownAddress(opensearch)} has the template and indices of documents`)
  }
  return 0
}
