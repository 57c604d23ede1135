import { text } from 'node:stream/consumers'
import { Problem } from '../../stack/problem.ts'
import { readSettings } from '../../stack/settings.ts'
import { table as asTable } from '../table.ts'

type Options = { readonly json?: boolean; readonly csv?: boolean; readonly version?: number }

type Answer = {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly row_count: number
  readonly truncated: false | string
  readonly tables: Readonly<Record<string, { readonly version: number; readonly files: number; readonly files_read: number }>>
  readonly seconds: number
}

/** Longer than a query and its way through the gateway may take. */
const MOST_MS = 90_000

/** Asks the function `lake-query` of the running stack, so with its limits; `-` reads the statement from standard input. */
export async function sql(statement: string, { json, csv, version }: Options): Promise<number> {
  const { urls } = readSettings()
  const url = new URL(`${urls.GATEWAY_URL}/function/lake-query`)
  url.searchParams.set('format', csv ? 'csv' : 'json')
  if (version !== undefined) url.searchParams.set('version', String(version))
  const body = statement === '-' ? await text(process.stdin) : statement
  const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(MOST_MS) }).catch((error: Error) => {
    throw new Problem(
      `the gateway at ${urls.GATEWAY_URL} does not answer: is the stack up? (${(error.cause as Error | undefined)?.message ?? error.message})`,
    )
  })
  if (!response.ok) throw new Problem(await reasonOf(response))
  const answered = await response.text()
  if (json || csv) process.stdout.write(answered)
  else print(JSON.parse(answered) as Answer)
  const truncated = response.headers.get('x-lake-truncated') ?? 'false'
  if (truncated !== 'false') console.error(`cut after ${response.headers.get('x-lake-rows')} rows: an answer has no more ${truncated}`)
  return 0
}

function print({ columns, rows, row_count, tables, seconds }: Answer): void {
  const head = columns.map(({ name }) => name)
  for (const line of asTable(head, rows.map((row) => row.map(cell)))) console.log(line) // biome-ignore format: one line
  const from = Object.entries(tables).map(
    ([name, { version, files, files_read }]) => `${name} version ${version}, ${files_read} of ${files} files`,
  )
  console.log([`${row_count.toLocaleString('en')} row${row_count === 1 ? '' : 's'}`, ...from, `${seconds.toFixed(1)} s`].join('; '))
}

const cell = (value: unknown): string => {
  if (value === null) return ''
  // A line of the table stays one line.
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).replace(/\p{Cc}/gu, ' ')
}

async function reasonOf(response: Response): Promise<string> {
  const answered = await response.text()
  try {
    const { code, detail } = JSON.parse(answered) as { readonly code?: string; readonly detail?: string }
    if (code !== undefined) return `${code}: ${detail}`
  } catch {
    // Not of the function.
  }
  return `lake-query answers ${response.status}: ${answered.trim().slice(0, 500)}`
}
