import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

/** Imports `./script.lua?raw` as its text. Vite, and so vitest, knows the suffix; this teaches it to esbuild. */
export const textImports: Plugin = {
  name: 'text',
  setup(build) {
    build.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir, importer }) => ({
      path: resolve(resolveDir || dirname(importer), path.slice(0, -'?raw'.length)),
      namespace: 'text',
    }))
    build.onLoad({ filter: /.*/, namespace: 'text' }, async ({ path }) => ({ contents: await readFile(path), loader: 'text' }))
  },
}
