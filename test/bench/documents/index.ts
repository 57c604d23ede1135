import { finish } from '../../../functions/alt-ingest/document.ts'
import { scoreOf } from '../../../functions/alt-ingest/sentiment/score.ts'
import { languageOf } from '../../../functions/alt-ingest/text/language.ts'
import { readPage } from '../../../functions/alt-ingest/text/page.ts'
import { shippedAliases } from '../../support/alt-ingest.ts'
import { realDocs } from '../../support/real-data.ts'
import { inWords, machine } from '../machine.ts'
import { median } from '../usage.ts'
import { afinnOf, neutral } from './baselines.ts'
import { type Direction, directionOf, withoutRate } from './direction.ts'
import { nearDuplicates } from './near.ts'
import { auc, signs } from './separation.ts'
import { TITLES } from './titles.ts'

const HELP = `npm run bench -- documents    near-duplicates, sentiment beside baselines, languages of titles, time a document takes
  --rounds N    how often times are taken (default 3)`

/** `npm run bench -- documents`: the figures of docs/documents.md. */
export async function main(args: string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP)
    return 0
  }
  const rounds = Number(args[args.indexOf('--rounds') + 1] || 3) || 3
  console.log(`${inWords(machine())}\n`)
  if (realDocs.available) {
    nearDuplicates(realDocs.statements())
    sentiment()
  }
  languages()
  if (realDocs.available) times(rounds)
  return 0
}

/** How well a score tells statements that raised the rate from those that lowered it. */
function sentiment(): void {
  const told = Map.groupBy(realDocs.statements(), ({ text }) => directionOf(text))
  const texts = (direction: Direction) => (told.get(direction) ?? []).map(({ text }) => text)
  const [raised, lowered, kept] = [texts('raised'), texts('lowered'), texts('kept')]
  console.log(
    `FOMC statements: ${raised.length} raised the rate, ${lowered.length} lowered it, ${kept.length} kept it, ${told.get(undefined)?.length ?? 0} do not tell\n`,
  )
  console.log(
    '| score | AUC | AUC without the sentences on the rate | right sign, raised | right sign, lowered | mean raised / kept / lowered |\n| --- | --- | --- | --- | --- | --- |',
  )
  const scores = { 'lexicon-1': (text: string) => scoreOf(text).sentiment, 'AFINN-165, sum over words': afinnOf, 'always neutral': neutral }
  const percent = (value: number) => `${Math.round(100 * value)} %`
  for (const [name, score] of Object.entries(scores)) {
    const [up, down, flat] = [raised.map(score), lowered.map(score), kept.map(score)] as const
    const means = [up, flat, down].map((all) => (all.reduce((a, b) => a + b, 0) / all.length).toFixed(3)).join(' / ')
    const rest = auc(raised.map(withoutRate).map(score), lowered.map(withoutRate).map(score)).toFixed(2)
    console.log(`| ${name} | ${auc(up, down).toFixed(2)} | ${rest} | ${percent(signs(up, 1))} | ${percent(signs(down, -1))} | ${means} |`)
  }
  console.log('')
}

/** What is said of titles alone, by their length: right, wrong, and nothing. */
function languages(): void {
  const titles = Object.entries(TITLES).flatMap(([lang, texts]) => texts.map((text) => ({ lang, text })))
  console.log(`| ${titles.length} titles in ${Object.keys(TITLES).length} languages | right | none | wrong |\n| --- | --- | --- | --- |`)
  for (const [name, isOf] of [
    ['up to 30 characters', (length: number) => length <= 30],
    ['longer', (length: number) => length > 30],
  ] as const) {
    const some = titles.filter(({ text }) => isOf(text.length))
    const said = some.map(({ lang, text }) => ({ lang, text, said: languageOf(text) }))
    const wrong = said.filter((one) => one.said !== null && one.said !== one.lang)
    const none = said.filter((one) => one.said === null).length
    console.log(
      `| ${some.length} ${name} | ${some.length - none - wrong.length} | ${none} | ${wrong.length}${wrong.map((one) => `; ${one.text}: ${one.said}`).join('')} |`,
    )
  }
  console.log('')
}

/** How long a document takes, from what was posted to what is published. */
function times(rounds: number): void {
  const tools = { aliases: shippedAliases(), languageOf, nowMs: Date.now }
  const made = (title: string, body: string) => finish('news', { source: 'bench', title, body, date: 0 }, tools)
  const statements = realDocs.statements()
  const filings = ['Oracle.8-K.html', '1800Flowers.8-K.html', 'form8k.Nordstrom.html'].map(realDocs.filing)
  const million = filings
    .map((html) => readPage(html).text)
    .join('\n\n')
    .repeat(60)
    .slice(0, 1_000_000)
  const works = {
    'FOMC statement (2 KB of text)': { times: statements.length, work: () => statements.map(({ text }) => made('Statement', text)) },
    '8-K filing (43 KB of HTML)': { times: filings.length, work: () => filings.map((html) => made('8-K', readPage(html).text)) },
    '1 MB of text': { times: 1, work: () => made('Long', million) },
    '1 MB of HTML': { times: 1, work: () => readPage(filings.join('').repeat(8).slice(0, 1_000_000)) },
  }
  console.log('| what | ms each, median | least .. most |\n| --- | --- | --- |')
  for (const [name, { times, work }] of Object.entries(works)) {
    work()
    const runs = Array.from({ length: rounds * 3 }, () => {
      const started = performance.now()
      work()
      return (performance.now() - started) / times
    })
    console.log(`| ${name} | ${median(runs).toFixed(2)} | ${Math.min(...runs).toFixed(2)} .. ${Math.max(...runs).toFixed(2)} |`)
  }
}
