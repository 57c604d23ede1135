import { join } from 'node:path'
import { S3_DEVELOPMENT_KEYS } from '../../../infra/stack/services/s3.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'
import { pythonPackages, runPython } from '../python.ts'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')

/** Gets delta-rs, so that no test has to wait for it. */
export const installOracle = (): Promise<string> => pythonPackages(REQUIREMENTS)

export type Queried = { readonly version: number; readonly files: number; readonly rows: readonly Record<string, unknown>[] }

/** Delta-rs, asked about tables on an S3 server of the tests. */
export async function deltaOracle(s3Url: string) {
  const folder = await installOracle()
  const storage = {
    AWS_ENDPOINT_URL: s3Url,
    AWS_ALLOW_HTTP: 'true',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: S3_DEVELOPMENT_KEYS.accessKey,
    AWS_SECRET_ACCESS_KEY: S3_DEVELOPMENT_KEYS.secretKey,
  }
  const ask = async <T>(command: string, table: string, ...rest: readonly unknown[]): Promise<T> => {
    const input = JSON.stringify([command, `s3://${BUCKET}/${table}`, storage, ...rest])
    return JSON.parse(await runPython(folder, [join(import.meta.dirname, 'oracle.py')], input)) as T
  }
  return {
    query: (table: string, sql: string, version?: number) => ask<Queried>('query', table, sql, version),
    txns: (table: string, appIds: readonly string[]) => ask<Record<string, string>>('txns', table, appIds),
    stats: (table: string) => ask<Record<string, string[]>>('stats', table),
    append: (table: string, columns: Record<string, [string, unknown[]]>, times = 1) => ask<number>('append', table, columns, times),
    checkpoint: (table: string) => ask<number>('checkpoint', table),
    optimize: (table: string) => ask<unknown>('optimize', table),
  }
}
