import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { table } from '../table.ts'
import { type FilterOptions, parseFilter } from './filter.ts'
import { pagesOf, withDeadLetters } from './open.ts'
import { timeText, toJson } from './text.ts'

/** So many are shown unless `--limit` says otherwise. */
const USUAL_LIMIT = 50
const MOST_ERROR = 60

/** Lists letters, the oldest first: what `redrive` and `purge` would take with the same filter. With `--json` one object a line, and all of them. */
export async function list(options: FilterOptions & { json?: boolean }): Promise<number> {
  const filter = parseFilter(options, Date.now())
  return withDeadLetters(async (letters) => {
    if (options.json) {
      for await (const page of pagesOf(letters, filter, false))
        for (const letter of page.letters) console.log(JSON.stringify(toJson(letter)))
      return 0
    }
    const most = options.limit === undefined ? USUAL_LIMIT : filter.limit
    const found: FoundLetter[] = []
    for await (const page of pagesOf(letters, { ...filter, limit: most + 1 }, false)) found.push(...page.letters)
    if (found.length > 0) for (const line of table(HEAD, found.slice(0, most).map(rowOf))) console.log(line)
    if (found.length > most) console.log(`these are the oldest ${most}: --limit shows more`)
    const { counts } = await letters.state()
    const totals = [...counts].map(([name, count]) => `${count.toLocaleString('en')} of ${name}`)
    console.log(totals.length > 0 ? `in all: ${totals.join(', ')}` : 'there are no dead letters')
    return 0
  })
}

const HEAD = ['number', 'function', 'code', 'subject', 'written', 'attempts', 'redriven', 'bytes', 'error']

const rowOf = ({
  sequence,
  functionName,
  code,
  subject,
  instant,
  writtenMs,
  attempts,
  redriven,
  sizeBytes,
  error = '',
}: FoundLetter): string[] => [
  `${sequence}`,
  functionName,
  code ?? '-',
  subject ?? instant ?? '-',
  timeText(writtenMs),
  `${attempts ?? '-'}`,
  `${redriven}`,
  sizeBytes.toLocaleString('en'),
  error.length > MOST_ERROR ? `${error.slice(0, MOST_ERROR)}…` : error,
]
