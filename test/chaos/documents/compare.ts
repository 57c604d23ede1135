import type { Check } from '../report.ts'
import type { Expected } from './fold.ts'

/** A document as a store has it, or must have it, and where it lies. */
export type Placed = Expected & { readonly place: string }

/** A dead letter of a document. */
export type Letter = { readonly functionName: string; readonly sequence: number; readonly code: string; readonly payload: Uint8Array }

/** Whether a store holds exactly what it must: each document once, as it must be, and no other. */
export function compareDocuments(check: string, expected: readonly Placed[], found: readonly Placed[]): Check {
  const byId = Map.groupBy(found, ({ id }) => id)
  const missing = expected.filter(({ id }) => !byId.has(id)).map(({ id, sequence }) => `missing: ${id} of message ${sequence}`)
  const double = [...byId].flatMap(([id, all]) => (all.length > 1 ? [`${all.length} times: ${id}`] : []))
  const wanted = new Map(expected.map((one) => [one.id, one]))
  const extra = [...byId.keys()].filter((id) => !wanted.has(id)).map((id) => `extra: ${id} of message ${byId.get(id)![0]!.sequence}`)
  const different = found.flatMap((one) => {
    const want = wanted.get(one.id)
    return want ? differences(want, one).map((line) => `${one.id} of message ${want.sequence}: ${line}`) : []
  })
  return {
    check,
    found: `${found.length} documents: ${missing.length} missing, ${double.length} double, ${extra.length} extra, ${different.length} fields different`,
    ok: missing.length + double.length + extra.length + different.length === 0,
    examples: [...missing.slice(0, 5), ...double.slice(0, 5), ...extra.slice(0, 5), ...different],
  }
}

function differences(want: Placed, got: Placed): string[] {
  const names = new Set([...Object.keys(want), ...Object.keys(got)]) as Set<keyof Placed>
  return [...names].flatMap((name) => {
    const [a, b] = [JSON.stringify(want[name]), JSON.stringify(got[name])]
    return a === b ? [] : [`${name} is ${b?.slice(0, 200)}, not ${a?.slice(0, 200)}`]
  })
}

/** Whether each near-duplicate of a store names a document of the same store with a lower sequence. */
export function compareNear(check: string, found: readonly Expected[]): Check {
  const sequences = new Map(found.map(({ id, sequence }) => [id, sequence]))
  const marked = found.filter(({ dupOf }) => dupOf !== null)
  const wrong = marked.filter(({ dupOf, sequence }) => !(sequences.get(dupOf!)! < sequence))
  const examples = wrong.map(({ id, sequence, dupOf }) => `${id} of message ${sequence} is said to repeat ${dupOf}`)
  return { check, found: `${marked.length} marked, ${wrong.length} without an earlier one`, ok: wrong.length === 0, examples }
}

/** Whether each function has put each malformed message into the dead letters, as it came and with its code, and nothing else. */
export function compareLetters(
  check: string,
  functions: readonly string[],
  bad: ReadonlyMap<number, { readonly code: string; readonly payload: Uint8Array }>,
  letters: readonly Letter[],
): Check {
  const named = new Set(letters.map(({ functionName, sequence }) => `${functionName} ${sequence}`))
  const wanted = functions.flatMap((name) => [...bad.keys()].map((sequence) => `${name} ${sequence}`))
  const missing = wanted.filter((one) => !named.has(one)).map((one) => `missing: ${one} ${bad.get(Number(one.split(' ')[1]))!.code}`)
  const unexplained = letters.filter(({ functionName, sequence, code, payload }) => {
    const want = bad.get(sequence)
    return !(functions.includes(functionName) && want?.code === code && Buffer.compare(want.payload, payload) === 0)
  })
  const examples = unexplained.map(({ functionName, sequence, code }) => `unexplained: ${functionName} ${sequence} ${code}`)
  return {
    check,
    found: `${wanted.length - missing.length} of ${wanted.length}, ${letters.length - named.size} again, ${unexplained.length} unexplained`,
    ok: missing.length + unexplained.length === 0,
    examples: [...missing.slice(0, 10), ...examples],
  }
}
