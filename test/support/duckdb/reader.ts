import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { place } from '../../../infra/stack/install/place.ts'
import { S3_DEVELOPMENT_KEYS } from '../../../infra/stack/services/s3.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'
import { pythonPackages, runPython } from '../python.ts'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
const READER = join(import.meta.dirname, 'reader.py')

/** Gets DuckDB for Python and its extensions, where DuckDB looks for what was installed. @throws {Error} when it cannot. */
export async function installDuckdb(): Promise<{ readonly packages: string; readonly extensions: string }> {
  const packages = await pythonPackages(REQUIREMENTS)
  const extensions = `${packages}-extensions`
  await place(extensions, async (temporary) => {
    const platform = (await runPython(packages, ['-c', 'import duckdb; print(duckdb.sql("PRAGMA platform").fetchone()[0])'])).trim()
    for (const name of ['delta', 'httpfs']) {
      const versions = join(packages, `duckdb_extension_${name}`, 'extensions')
      for (const version of await readdir(versions)) {
        const folder = join(temporary, version, platform)
        await mkdir(folder, { recursive: true })
        await cp(join(versions, version), folder, { recursive: true })
      }
    }
  })
  return { packages, extensions }
}

type Row = Readonly<Record<string, unknown>>

/** DuckDB, asked about tables on an S3 server of the tests: it replays the log by its own Delta kernel. */
export async function duckdbReader(s3Url: string) {
  const { packages, extensions } = await installDuckdb()
  const { accessKey, secretKey } = S3_DEVELOPMENT_KEYS
  const secret = `CREATE SECRET (TYPE s3, KEY_ID '${accessKey}', SECRET '${secretKey}', ENDPOINT '${new URL(s3Url).host}', URL_STYLE 'path', USE_SSL false)`
  const run = async (statements: readonly string[]) =>
    JSON.parse(await runPython(packages, [READER], JSON.stringify({ extensions, statements }))) as Row[]
  return {
    /** Runs statements as they stand; gives the rows of the last. */
    run,
    /** A query of a table, which it calls t. */
    query: (table: string, sql: string, version?: number) => {
      const of = version === undefined ? '' : `, version := ${version}`
      const view = `CREATE VIEW t AS SELECT * FROM delta_scan('s3://${BUCKET}/${table}'${of})`
      return run(['LOAD delta', 'LOAD httpfs', secret, view, sql])
    },
  }
}
