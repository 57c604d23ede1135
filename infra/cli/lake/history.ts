import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { rowsOf } from './text.ts'

type Options = { readonly table?: string; readonly lines: number; readonly json?: boolean }

/** Shows the newest commits: when, what, and what they added and removed. */
export const history = ({ table: key, lines, json }: Options): Promise<number> =>
  withTable(key, undefined, async ({ table, snapshot }) => {
    const versions = Array.from({ length: lines }, (_, i) => snapshot.version - i).filter((version) => version >= 0)
    const found = await Promise.all(versions.map(async (version) => ({ version, actions: await table.log.commit(version) })))
    const commits = found.flatMap(({ version, actions }) => {
      if (!actions) return []
      const info = actions.flatMap((action) => ('commitInfo' in action ? [action.commitInfo] : []))[0] ?? {}
      const adds = actions.flatMap((action) => ('add' in action ? [action.add] : []))
      const removed = actions.filter((action) => 'remove' in action).length
      const rows = adds.reduce((sum, add) => sum + rowsOf(add), 0)
      const at = typeof info.timestamp === 'number' ? new Date(info.timestamp).toISOString() : '-'
      return [
        { version, at, operation: String(info.operation ?? '-'), by: String(info.engineInfo ?? '-'), added: adds.length, removed, rows },
      ]
    })
    if (json) for (const commit of commits) console.log(JSON.stringify(commit))
    else {
      const rows = commits.map((one) => [
        `${one.version}`,
        one.at,
        one.operation,
        one.by,
        `${one.added}`,
        `${one.removed}`,
        one.rows.toLocaleString('en'),
      ])
      for (const line of asTable(['version', 'at', 'operation', 'by', 'added', 'removed', 'rows'], rows)) console.log(line)
    }
    return 0
  })
