import { PROCESS_NAMES } from '../../build/targets.ts'
import { Problem } from '../../stack/problem.ts'

/** What cannot be the name of an exported function in a module. */
const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements
  import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void
  while with yield`.split(/\s+/),
)

/** A function's two names: `big-moves` for folders, subjects and OpenFaaS, `bigMoves` in code. */
export type Name = { readonly service: string; readonly identifier: string }

/** Reads a name. @throws {Problem} unless OpenFaaS and the language both take it. */
export function parseName(service: string): Name {
  const isName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service) && service.length <= 63
  if (!isName)
    throw new Problem(`${service} is no name for a function: a to z, 0 to 9 and single - between them, a letter first, at most 63`)
  const identifier = service.replace(/-(.)/g, (_, first: string) => first.toUpperCase())
  if (RESERVED.has(identifier)) throw new Problem(`${service} is a word of the language: choose another name`)
  if (PROCESS_NAMES.has(service)) throw new Problem(`${service} is the name of a process and its image: choose another name`)
  return { service, identifier }
}

/** Puts other names into a text that speaks of a function: whole words only. */
export const renamed = (text: string, from: Name, to: Name): string =>
  text.replace(wordOf(from.service), to.service).replace(wordOf(from.identifier), to.identifier)

/** Whether a text uses a name for something. */
export const usesName = (text: string, { identifier }: Name): boolean => wordOf(identifier).test(text)

const wordOf = (word: string): RegExp => new RegExp(`(?<![\\w-])${word}(?![\\w-])`, 'g')
