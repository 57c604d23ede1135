import { init, parse } from 'es-module-lexer'

/** A bundle in two files: the project's own code, and the packages it uses. */
export type Parts = {
  /** The own code, which imports from `file` what it imported from packages. */
  readonly own: (file: string) => string
  /** The source of the other file: it passes on what the own code uses. */
  readonly packages: string
}

/**
 * Takes the packages out of a bundle that imports them: they change seldom and are most of the code.
 * @param code - as esbuild prints it with `packages: 'external'`.
 */
export async function apart(code: string): Promise<Parts> {
  await init
  const passedOn = new Set<string>()
  const pieces: string[] = []
  let at = 0
  for (const { d: dynamic, a: attributes, n: name, ss: start, s: nameStart, se: end } of parse(code)[0]) {
    // What is asked for while it runs, or passed on itself, is found where Node looks for it.
    const isPlain = dynamic === -1 && attributes === -1 && code.startsWith('import', start)
    if (!isPlain || name === undefined || /^(node:|[./])/.test(name)) continue
    const wanted = bindingsOf(code.slice(start, nameStart - 1))
    for (const { imported } of wanted) passedOn.add(exportOf(imported, name))
    if (wanted.length === 0) passedOn.add(`import '${name}'`)
    const bindings = wanted.map(({ imported, local }) => `${nameOf(imported, name)} as ${local}`)
    pieces.push(`${code.slice(at, start)}import { ${bindings.join(', ')} } from `)
    at = end
  }
  pieces.push(code.slice(at))
  return { own: (file) => pieces.join(`'${file}'`), packages: [...passedOn].sort().join('\n') }
}

const exportOf = (imported: string, name: string) =>
  imported === '*'
    ? `export * as ${nameOf('*', name)} from '${name}'`
    : `export { ${imported} as ${nameOf(imported, name)} } from '${name}'`

/** What the other file calls it: no two are called the same. */
const nameOf = (imported: string, name: string) =>
  `_${`${name}/${imported}`.replaceAll(/\W/g, (character) => `$${character.charCodeAt(0).toString(16)}`)}`

/** What an import statement, up to its module's name, binds: of `import a, { b as c } from` that is `default` to `a` and `b` to `c`. */
function bindingsOf(clause: string): { readonly imported: string; readonly local: string }[] {
  const [, main, all, some] = /^import\s+([\w$]+)?\s*,?\s*(?:\*\s*as\s+([\w$]+)|\{([^}]*)\})?/.exec(clause) ?? []
  const named = (some ?? '').split(',').flatMap((one) => {
    const [imported, local = imported] = one.trim().split(/\s+as\s+/) as [string, string?]
    return imported === '' ? [] : [{ imported, local: local! }]
  })
  return [...(main ? [{ imported: 'default', local: main }] : []), ...(all ? [{ imported: '*', local: all }] : []), ...named]
}
