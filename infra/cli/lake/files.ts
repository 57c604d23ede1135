import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { rowsOf, sizeText } from './text.ts'

type Options = { readonly table?: string; readonly version?: number; readonly json?: boolean }

/** Lists the data files of a version, in the order of their paths. */
export const files = ({ table: key, version, json }: Options): Promise<number> =>
  withTable(key, version, async ({ snapshot }) => {
    const all = [...snapshot.files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    if (json) for (const add of all) console.log(JSON.stringify(add))
    else {
      const rows = all.map((add) => [
        add.path,
        rowsOf(add).toLocaleString('en'),
        sizeText(add.size),
        new Date(add.modificationTime).toISOString(),
      ])
      for (const line of asTable(['path', 'rows', 'size', 'written'], rows)) console.log(line)
    }
    return 0
  })
