import { Parser } from 'htmlparser2'
import { TerminalError } from '../../../shared/runtime/errors.ts'
import { cleanLine, cleanText } from './clean.ts'

/** What a page of HTML says: its text, and what it tells of itself. */
export type Page = {
  readonly title: string | undefined
  /** Its date as it stands there. */
  readonly date: string | undefined
  readonly url: string | undefined
  readonly text: string
}

/** Nobody reads these; nor anything inside them. */
const LEFT_OUT = new Set(
  'script style noscript template head title nav svg math canvas iframe object embed audio video map button select option datalist textarea input dialog ix:header'.split(
    ' ',
  ),
)
/** What begins and ends a line. */
const BLOCKS = new Set(
  'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr html main menu ol p pre section summary table tbody tfoot thead tr caption ul'.split(
    ' ',
  ),
)
/** What has an empty line around it. */
const PARAGRAPHS = new Set('p h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre article section figure hr'.split(' '))
const EMPTY = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '))
const HIDDEN = /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i
const DATES = new Set(
  'article:published_time datepublished date pubdate publishdate publish_date dc.date dc.date.issued dcterms.created dcterms.date dcterms.issued citation_publication_date citation_date parsely-pub-date sailthru.date'.split(
    ' ',
  ),
)
/** The parser looks through all that is open at each tag that is closed: deeper than this is no page, but a way to keep it busy. */
const MOST_DEEP = 1_000
const CELL = ' | '

/**
 * Reads a page: scripts, styles, navigation and what is hidden are left out, paragraphs are kept, a row of a table is a line with ` | ` between its cells.
 * One pass, whose work and memory are bounded by the page's length.
 * @throws {TerminalError} ERR_LIMIT when it is nested deeper than any page is.
 */
export function readPage(html: string): Page {
  const out: string[] = []
  const about: { title?: string; heading?: string; ogTitle?: string; date?: string; time?: string; canonical?: string; ogUrl?: string } = {}
  /** How many elements are open, and the depth at which nobody reads on; of `title` and `h1` the depth at which they are noted. */
  let depth = 0
  let hiddenAt = 0
  let noted: { readonly name: 'title' | 'heading'; readonly depth: number; text: string } | undefined
  /** Of each row that is open, the inner one last: how many cells it has so far. */
  const rows: number[] = []

  const meta = ({ name, property, itemprop, content, datetime }: Readonly<Record<string, string>>) => {
    const key = (property ?? name ?? itemprop ?? '').toLowerCase()
    const value = content ?? datetime
    if (value === undefined) return
    if (DATES.has(key)) about.date ??= value
    else if (key === 'og:title') about.ogTitle ??= value
    else if (key === 'og:url') about.ogUrl ??= value
  }
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    if (name === 'meta') meta(attributes)
    else if (name === 'link' && /(^|\s)canonical(\s|$)/i.test(attributes.rel ?? '')) about.canonical ??= attributes.href ?? ''
    else if (name === 'time') about.time ??= attributes.datetime ?? ''
    if (!noted && name === 'title' && about.title === undefined) noted = { name: 'title', depth, text: '' }
    if (!noted && name === 'h1' && about.heading === undefined && hiddenAt === 0) noted = { name: 'heading', depth, text: '' }
    const isHidden = LEFT_OUT.has(name) || 'hidden' in attributes || attributes.role === 'navigation' || HIDDEN.test(attributes.style ?? '')
    if (hiddenAt === 0 && isHidden && !EMPTY.has(name)) hiddenAt = depth
    if (hiddenAt > 0) return
    if (name === 'tr') rows.push(0)
    else if (rows.length > 0 && (name === 'td' || name === 'th') && rows[rows.length - 1]!++ > 0) out.push(CELL)
    if (name === 'br') out.push(isInCell() ? ' ' : '\n')
    else edge(name)
    if (name === 'li') out.push(isInCell() ? ' - ' : '\n- ')
  }
  const isInCell = () => (rows.at(-1) ?? 0) > 0
  const edge = (name: string) => {
    // Inside a row a cell's own paragraphs would tear the row apart.
    if (isInCell() && name !== 'table') out.push(BLOCKS.has(name) ? ' ' : '')
    else if (PARAGRAPHS.has(name)) out.push('\n\n')
    else if (BLOCKS.has(name)) out.push('\n')
  }
  const parser = new Parser({
    onopentag(name, attributes) {
      if (++depth > MOST_DEEP) throw new TerminalError('ERR_LIMIT', `the page is nested deeper than ${MOST_DEEP} elements`)
      open(name, attributes)
    },
    ontext(text) {
      if (noted) noted.text += text
      // The line ends of the source are blanks.
      if (hiddenAt === 0) out.push(text.replace(/\s+/g, ' '))
    },
    onclosetag(name) {
      if (hiddenAt === 0) {
        if (name === 'tr') rows.pop()
        else edge(name)
      }
      if (hiddenAt === depth) hiddenAt = 0
      depth--
      if (noted && depth < noted.depth) {
        about[noted.name] = noted.text
        noted = undefined
      }
    },
  })
  parser.write(html)
  parser.end()
  const first = (...texts: readonly (string | undefined)[]) => texts.find((text) => text !== undefined && text.trim() !== '')?.trim()
  const title = first(about.ogTitle, about.title, about.heading)
  return {
    title: title === undefined ? undefined : cleanLine(title),
    date: first(about.date, about.time),
    url: first(about.canonical, about.ogUrl),
    text: tidy(cleanText(out.join(''))),
  }
}

/** Without the cells and rows that hold nothing: filings space their columns and lines with them, and put a sign and its number into two. */
function tidy(text: string): string {
  const lines = cleanText(
    text
      .split('\n')
      .map((line) => (line.includes('|') ? rowOf(line) : line))
      .join('\n'),
  ).split('\n')
  const isRow = (line: string | undefined) => line?.includes(CELL)
  return lines.filter((line, i) => line !== '' || !isRow(lines[i - 1]) || !isRow(lines[i + 1])).join('\n')
}

function rowOf(line: string): string {
  const cells = line.split(/(?:^|(?<= ))\|(?= |$)/).map((cell) => cell.trim())
  return cells.filter(Boolean).join(CELL).replaceAll('$ | ', '$').replaceAll(' | %', '%').replaceAll(' | )', ')')
}
