import { Problem } from '../../stack/problem.ts'

/**
 * Adds an entry at the end of `functions:` in the text of a stack file: a copy of another one, made by `rename`. It goes by lines and leaves all
 * others as they are, since reading and writing YAML again would lose format, and `${...}` is YAML only once it is filled in.
 * @throws {Problem} when there is no such entry.
 */
export function withEntry(text: string, model: string, rename: (entry: string) => string): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.split(/\r?\n/)
  const entries = entriesOf(lines)
  const found = entries.find(({ name }) => name === model)
  const last = entries.at(-1)
  if (!found || !last) throw new Problem(`stack.yml has no entry ${model} to copy`)
  const entry = rename(lines.slice(found.start, found.end).join(lineEnd)).split(lineEnd)
  return lines.toSpliced(last.end, 0, '', ...entry).join(lineEnd)
}

/** An entry's lines: from its name to its last line that says something. */
type Entry = { readonly name: string; readonly start: number; readonly end: number }

function entriesOf(lines: readonly string[]): Entry[] {
  const top = lines.findIndex((line) => /^functions:\s*(#.*)?$/.test(line))
  const entries: Entry[] = []
  if (top < 0) return entries
  let indent: string | undefined
  for (let i = top + 1; i < lines.length; i++) {
    const line = lines[i]!
    if (/^\s*(#.*)?$/.test(line)) continue
    const [, space = '', name] = /^( *)["']?([^\s"':]+)["']?:/.exec(line) ?? []
    if (!line.startsWith(' ')) break
    indent ??= space
    if (name !== undefined && space === indent) entries.push({ name, start: i, end: i + 1 })
    else entries.push({ ...entries.pop()!, end: i + 1 })
  }
  return entries
}
