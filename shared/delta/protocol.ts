import { TerminalError } from '../runtime/errors.ts'
import type { MetaData, Protocol } from './action.ts'

/** What this module writes: no deletion vectors, no column mapping, no time without zone. */
export const PROTOCOL: Protocol = { minReaderVersion: 1, minWriterVersion: 2 }

/** Versions that only list what they need by name ("Table Features"). */
const READER_WITH_FEATURES = 3
const WRITER_WITH_FEATURES = 7
/** Features of writer version 2: rows are never deleted (honoured), and invariants (refused below where a table has any). */
const WRITER_FEATURES = ['appendOnly', 'invariants']

/** @throws {TerminalError} ERR_CONFIG when files or log of the table may mean something this module does not know. */
export function mustBeReadable({ minReaderVersion, readerFeatures }: Protocol): void {
  const byName = minReaderVersion === READER_WITH_FEATURES && (readerFeatures ?? []).length === 0
  if (minReaderVersion > PROTOCOL.minReaderVersion && !byName)
    throw refused(`needs reader version ${minReaderVersion}${named(readerFeatures)}, known is ${PROTOCOL.minReaderVersion}`)
}

/** @throws {TerminalError} ERR_CONFIG when a writer has to do something this module does not know. */
export function mustBeWritable({ minWriterVersion, writerFeatures }: Protocol, { schemaString, format }: MetaData): void {
  const unknown = (writerFeatures ?? []).filter((feature) => !WRITER_FEATURES.includes(feature))
  const byName = minWriterVersion === WRITER_WITH_FEATURES && unknown.length === 0
  if (minWriterVersion > PROTOCOL.minWriterVersion && !byName)
    throw refused(`needs writer version ${minWriterVersion}${named(unknown)}, known is ${PROTOCOL.minWriterVersion}`)
  if (schemaString.includes('"delta.invariants"')) throw refused('has invariants on columns, which are not checked here')
  if (format.provider !== 'parquet') throw refused(`has files of the format ${format.provider}`)
}

const named = (features: readonly string[] | null | undefined) => (features?.length ? ` with ${features.join(', ')}` : '')

const refused = (why: string) => new TerminalError('ERR_CONFIG', `the table ${why}`)
