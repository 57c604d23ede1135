import type { NatsConnection } from '@nats-io/transport-node'
import { table } from '../../infra/cli/table.ts'
import type { Settings } from '../../infra/stack/settings.ts'
import type { OwnStack } from '../support/own-stack.ts'

/** Where the rows are run. */
export type Place = {
  readonly settings: Pick<Settings, 'urls' | 'ports'>
  readonly connection: NatsConnection
  /** The exchange of the first tick: the seeds' own on a fresh stack, one of its own in a stack that may have seen that tick before. */
  readonly exchange: string
}

/** A stack of the board's own, which may be loaded and restarted. */
export type OwnPlace = Place & { stack: OwnStack }

export type Outcome = { readonly measured: string; readonly pass: boolean }

/** One row of the board. Its number is the one of the seeds (A1 ...). */
export type Row = { readonly id: string; readonly test: string; readonly required: string }

export type Finding = Row & { readonly measured: string; readonly result: 'pass' | 'FAIL' | 'not built yet' | 'left out' }

/** Runs a row; what it throws is its failure. */
export async function run(row: Row, work: () => Promise<Outcome>): Promise<Finding> {
  try {
    const { measured, pass } = await work()
    return { ...row, measured, result: pass ? 'pass' : 'FAIL' }
  } catch (error) {
    return { ...row, measured: error instanceof Error ? error.message : String(error), result: 'FAIL' }
  }
}

/** Several conditions that make one outcome: all must hold, and those that do not are named. */
export function all(measured: string, conditions: Record<string, boolean>): Outcome {
  const failed = Object.keys(conditions).filter((name) => !conditions[name])
  return { measured: failed.length === 0 ? measured : `${measured}; not: ${failed.join(', ')}`, pass: failed.length === 0 }
}

const WIDTH = 44

/** Cuts a text into lines of at most 44 characters, at spaces. */
const wrapped = (text: string): string[] =>
  text.match(new RegExp(`.{1,${WIDTH}}(?=\\s|$)|\\S{${WIDTH}}`, 'g'))?.map((line) => line.trim()) ?? ['']

/** The board as text, in the order of the seeds. */
export function board(findings: readonly Finding[]): string[] {
  const number = ({ id }: Row) => Number(id.slice(1))
  const rows = [...findings]
    .sort((a, b) => number(a) - number(b))
    .flatMap(({ id, test, required, measured, result }) => {
      const cells = [[id], wrapped(test), wrapped(required), wrapped(measured), [result]]
      return Array.from({ length: Math.max(...cells.map((lines) => lines.length)) }, (_, i) => cells.map((lines) => lines[i] ?? ''))
    })
  return table(['row', 'test', 'required', 'measured', 'result'], rows)
}
