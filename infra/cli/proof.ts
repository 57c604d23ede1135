/** Runs one of the proofs under `test/`, which are loaded by path: nothing of the product imports tests. */
export async function runProof(name: 'accept' | 'bench' | 'chaos', args: string[]): Promise<number> {
  const module = new URL(`../../test/${name}/index.ts`, import.meta.url)
  const { main } = (await import(module.href)) as { main(args: string[]): Promise<number> }
  return main(args)
}
