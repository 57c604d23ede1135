import type { Metafile } from 'esbuild'
import { NATIVE } from './native.ts'
import type { BundleRecord } from './record.ts'

/** The client library behind each folder of `shared/adapters`: its packages as an input's path has them, or an import that is left as it is. */
const CLIENTS: Record<string, RegExp> = {
  nats: /(^|node_modules\/)(@nats-io)\//,
  valkey: /(^|node_modules\/)(ioredis)(\/|$)/,
  questdb: /(^|node_modules\/)(@questdb)\//,
  s3: /(^|node_modules\/)(@aws-sdk|@smithy)\//,
  parquet: /(^|node_modules\/)(hyparquet(-writer)?)(\/|$)/,
  opensearch: /(^|node_modules\/)(@opensearch-project)\//,
  duckdb: /(^|node_modules\/)(@duckdb\/|apache-arrow(\/|$))/,
}

/** The client libraries inside a bundle, by the name of their adapter folder. */
export function librariesIn(inputs: readonly string[]): string[] {
  return Object.keys(CLIENTS).filter((adapter) => inputs.some((path) => CLIENTS[adapter]!.test(path)))
}

/** Every file that an entry reaches by imports, whether or not its code is kept in the bundle. */
export function reachedFrom(meta: Metafile, entry: string): string[] {
  const reached = new Set([entry])
  for (const path of reached) for (const { path: next, external } of meta.inputs[path]?.imports ?? []) if (!external) reached.add(next)
  return [...reached]
}

/** The packages that an entry loads from beside its bundle. */
export function nativeOf(meta: Metafile, entry: string): string[] {
  const imports = reachedFrom(meta, entry).flatMap((path) => meta.inputs[path]?.imports ?? [])
  return [...new Set(imports.flatMap(({ path, external }) => (external && NATIVE.includes(path) ? [path] : [])))]
}

/**
 * Libraries in a bundle that nothing of its own folder asks for, each with the file that pulls it in.
 * A function asks by importing an adapter in its `index.ts`, a process also by importing the library; anything else comes in through shared code by accident.
 */
export function leaksOf(meta: Metafile, entry: string, inputs: readonly string[]): string[] {
  const own = entry.startsWith('functions/') ? entry.slice(0, entry.lastIndexOf('/') + 1) : entry.slice(0, entry.indexOf('/') + 1)
  const imported = inputs.filter((path) => path.startsWith(own)).flatMap((path) => meta.inputs[path]?.imports.map((i) => i.path) ?? [])
  const asked = (adapter: string) => imported.some((path) => path.startsWith(folderOf(adapter)) || CLIENTS[adapter]!.test(path))
  return librariesIn(inputs)
    .filter((adapter) => !asked(adapter))
    .map((adapter) => `${adapter} (through ${importerOf(meta, inputs, adapter)})`)
}

const folderOf = (adapter: string) => `shared/adapters/${adapter}/`

/** The first file outside the adapter that leads to it, or that imports the client directly. */
function importerOf(meta: Metafile, inputs: readonly string[], adapter: string): string {
  const folder = folderOf(adapter)
  const leads = (path: string) => meta.inputs[path]?.imports.some((i) => i.path.startsWith(folder) || CLIENTS[adapter]!.test(i.path))
  return inputs.find((path) => !path.startsWith(folder) && !path.includes('node_modules/') && leads(path)) ?? folder
}

/** One line per bundle: name, size, client libraries. */
export function formatReport(records: Record<string, BundleRecord>): string {
  const rows = Object.entries(records).map(
    ([name, r]) => [name, `${(r.sizeBytes / 1024).toFixed(0)} KiB`, r.libraries.join(' ') || '-'] as const,
  )
  const wide = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length))
  return rows.map(([name, size, libraries]) => `${name.padEnd(wide(0))}  ${size.padStart(wide(1))}  ${libraries}`).join('\n')
}
