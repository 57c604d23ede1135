/** As much of it as the bench uses; it comes without types. */
declare module 'parquetjs-lite' {
  type Field = { readonly type: string; readonly optional?: boolean; readonly compression?: 'SNAPPY' }
  class ParquetSchema {
    constructor(fields: Readonly<Record<string, Field>>)
  }
  class ParquetWriter {
    static openStream(schema: ParquetSchema, to: import('node:stream').Writable): Promise<ParquetWriter>
    appendRow(row: Readonly<Record<string, unknown>>): Promise<void>
    close(): Promise<void>
  }
  const library: { readonly ParquetSchema: typeof ParquetSchema; readonly ParquetWriter: typeof ParquetWriter }
  export default library
}
