import { installDuckdb } from './duckdb/reader.ts'
import { installOracle } from './oracle/oracle.ts'

/** Gets the independent readers of Delta tables, so that no test has to wait for them. */
export const installReaders = () => Promise.all([installOracle(), installDuckdb()])
