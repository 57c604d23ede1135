/** What an expression of Prometheus' query language speaks of. */
export type Spoken = {
  /** Each metric it selects, with the labels that it is selected by, and the values that are asked for exactly. */
  readonly selectors: readonly {
    readonly name: string
    readonly labels: readonly string[]
    readonly equals: Readonly<Record<string, string>>
  }[]
  /** Labels that it groups, joins or aggregates by. */
  readonly grouped: readonly string[]
}

const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'on',
  'by',
  'without',
  'ignoring',
  'group_left',
  'group_right',
  'inf',
  'nan',
])
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g

/** Finds the names of metrics and labels in an expression; of its meaning it knows nothing. */
export function spokenOf(expression: string): Spoken {
  const grouped: string[] = []
  const rest = expression
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, list: string) => {
      grouped.push(
        ...list
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      return ' '
    })
    .replace(/\boffset\s+\w+/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
  // Label matchers may hold brackets in their strings, so selectors are taken whole, strings and all.
  const selectors = [...rest.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?(\s*\()?/g)].flatMap(
    ([, name, matchers = '', call]) => {
      if (call !== undefined || KEYWORDS.has(name!.toLowerCase())) return []
      const all = [...matchers.matchAll(MATCHER)]
      const exact = all.flatMap(([, label, how, value]): [string, string][] => (how === '=' ? [[label!, value!]] : []))
      return [{ name: name!, labels: all.map(([, label]) => label!), equals: Object.fromEntries(exact) }]
    },
  )
  return { selectors, grouped }
}
