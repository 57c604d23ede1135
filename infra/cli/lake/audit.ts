import { connectNats } from '../../../shared/adapters/nats/connect.ts'
import { natsLakeStream } from '../../../shared/adapters/nats/lake-stream.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { type Audit, auditTicks } from '../../../shared/lake/audit/audit.ts'
import { LAKE_FUNCTION } from '../../../shared/lake/tick-table.ts'
import { Problem } from '../../stack/problem.ts'
import { readSettings } from '../../stack/settings.ts'
import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { countText as count, sizeText } from './text.ts'

type Options = { readonly table?: string; readonly json?: boolean; readonly rows: number }

const CONNECT_MS = 5_000
const STREAM = STREAMS.MARKET_TICKS.name

/** Holds a table of ticks against its stream and the dead letters, without reading all of it. @returns 0 only when it is whole and all of it is known. */
export const audit = ({ table: key, json, rows }: Options): Promise<number> =>
  withTable(key, undefined, async ({ table, store }) => {
    const { NATS_URL } = readSettings().urls
    const nats = connectNats({ NATS_URL }, 'lake-audit')
    try {
      await Promise.race([nats.there(), late(NATS_URL)])
      const stream = natsLakeStream(nats, STREAM, LAKE_FUNCTION)
      const names = { functionName: LAKE_FUNCTION, streamName: STREAM }
      const found = await auditTicks(
        { table, store, parquet, stream, ...names, mostRows: rows, untilMs: Number.POSITIVE_INFINITY },
        rows > 0,
      )
      if (json) console.log(JSON.stringify(found, null, 2))
      else for (const line of linesOf(found)) console.log(line)
      return found.faults.length === 0 && found.notKnown.length === 0 ? 0 : 1
    } finally {
      await nats.close()
    }
  })

const late = (url: string) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Problem(`NATS at ${url} does not answer`)), CONNECT_MS).unref())

const time = (iso: string | null): string => iso?.slice(0, 19).replace('T', ' ') ?? 'not known'

function linesOf({ table, version, partitions, standings, stream, counts, faults, notKnown }: Audit): string[] {
  const days = partitions.map((one) => [
    one.partition,
    count(one.files),
    count(one.rows),
    sizeText(one.bytes),
    count(one.from),
    count(one.to),
    time(one.earliest),
    time(one.latest),
  ])
  const places = standings.map(({ slots, epoch, sequence }) => [
    slots.length > 1 ? `${slots[0]} to ${slots.at(-1)} (${slots.length})` : `${slots[0]}`,
    `${epoch}`,
    count(sequence),
    count(Math.max(0, stream.last - sequence)),
  ])
  const { first, last, epoch, committed, lagMessages, lagSeconds, lost } = stream
  return [
    `${table}, version ${version}`,
    ...asTable(['partition', 'files', 'rows', 'size', 'from message', 'to', 'from (UTC)', 'to (UTC)'], days),
    ...asTable(['slots', 'epoch', 'committed up to', 'behind'], places),
    `the stream holds ${count(first)} to ${count(last)}, epoch ${epoch}; committed up to ${count(committed)}: ${count(lagMessages)} messages are not, the oldest ${lagSeconds?.toFixed(1) ?? '?'} s old; ` +
      `${count(lost)} were dropped before they were`,
    ...(counts ? [countLine(counts)] : []),
    ...faults.map((fault) => `FAULT: ${fault}`),
    ...notKnown.map((what) => `not known: ${what}`),
    ...(faults.length + notKnown.length === 0 ? ['the table is whole'] : []),
  ]
}

const countLine = ({ from, to, messages, rows, refused, missing, unexplained, double }: NonNullable<Audit['counts']>): string =>
  `of ${count(messages)} messages, ${count(from)} to ${count(to)}: ${count(rows)} rows, ${count(refused)} in the dead letters, ` +
  `${count(missing)} missing, ${count(unexplained)} unexplained, ${count(double)} double`
