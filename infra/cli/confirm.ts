import { createInterface } from 'node:readline/promises'
import { Problem } from '../stack/problem.ts'

/** Asks before something is deleted. @throws {Problem} where nobody is there to answer. */
export async function confirmed(command: string, question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Problem(`${command} asks before it deletes, and there is no terminal: give --yes`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
