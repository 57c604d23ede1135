import type { SchemaElement } from 'hyparquet'
import type { Column } from '../../delta/schema.ts'

const text = (name: string, repetition_type: 'REQUIRED' | 'OPTIONAL' = 'OPTIONAL'): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
  repetition_type,
})
const long = (name: string): SchemaElement => ({ name, type: 'INT64', repetition_type: 'OPTIONAL' })
const whole = (name: string): SchemaElement => ({ name, type: 'INT32', repetition_type: 'OPTIONAL' })
const bool = (name: string): SchemaElement => ({ name, type: 'BOOLEAN', repetition_type: 'OPTIONAL' })
const struct = (name: string, ...children: readonly SchemaElement[][]): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', num_children: children.length },
  ...children.flat(),
]
const texts = (name: string): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  text('element'),
]
const map = (name: string): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'MAP', logical_type: { type: 'MAP' } },
  { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
  text('key', 'REQUIRED'),
  text('value'),
]

/** The elements of a table's column. A timestamp is one with a zone: INT64 of µs in UTC. */
export function elementsOf({ name, type, nullable }: Column): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED'
  switch (type) {
    case 'string':
      return [text(name, repetition_type)]
    case 'long':
      return [{ name, type: 'INT64', repetition_type }]
    case 'integer':
      return [{ name, type: 'INT32', repetition_type }]
    case 'double':
      return [{ name, type: 'DOUBLE', repetition_type }]
    case 'boolean':
      return [{ name, type: 'BOOLEAN', repetition_type }]
    case 'date':
      return [{ name, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' }, repetition_type }]
    case 'timestamp':
      return [{ name, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' }, repetition_type }]
    case 'array<string>':
      return texts(name)
  }
}

/** What a checkpoint is made of (PROTOCOL.md, "Checkpoint Schema"), in one row an action. */
export const CHECKPOINT: Readonly<Record<string, SchemaElement[]>> = {
  txn: struct('txn', [text('appId')], [long('version')], [long('lastUpdated')]),
  add: struct(
    'add',
    [text('path')],
    map('partitionValues'),
    [long('size')],
    [long('modificationTime')],
    [bool('dataChange')],
    map('tags'),
    [text('stats')],
  ),
  remove: struct(
    'remove',
    [text('path')],
    [long('deletionTimestamp')],
    [bool('dataChange')],
    [bool('extendedFileMetadata')],
    map('partitionValues'),
    [long('size')],
  ),
  metaData: struct(
    'metaData',
    [text('id')],
    [text('name')],
    [text('description')],
    struct('format', [text('provider')], map('options')),
    [text('schemaString')],
    texts('partitionColumns'),
    map('configuration'),
    [long('createdTime')],
  ),
  protocol: struct('protocol', [whole('minReaderVersion')], [whole('minWriterVersion')], texts('readerFeatures'), texts('writerFeatures')),
}
