import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'
import { parse } from 'yaml'

/** Imports `./settings.yml` as what it says: a bundle needs neither the file nor a parser. */
export const ymlImports: Plugin = {
  name: 'yml',
  setup(build) {
    build.onLoad({ filter: /\.yml$/ }, async ({ path }) => ({
      contents: JSON.stringify(parse(await readFile(path, 'utf8'))),
      loader: 'json',
    }))
  },
}
