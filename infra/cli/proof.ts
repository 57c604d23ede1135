import { Problem } from '../stack/problem.ts'

/** Runs one of the proofs under `test/`, which are loaded by path: nothing of the product imports tests. */
export async function runProof(name: 'accept' | 'bench' | 'chaos', args: string[]): Promise<number> {
  const module = new URL(`../../test/${name}/index.ts`, import.meta.url)
  const { main, HELP } = (await import(module.href)) as { main(args: string[]): Promise<number>; HELP: string }
  try {
    return await main(args)
  } catch (error) {
    // The code of some errors is a number.
    const { code, message } = error as NodeJS.ErrnoException
    throw String(code).startsWith('ERR_PARSE_ARGS') ? new Problem(`${message}\n${HELP}`) : error
  }
}
