import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { keyOfPath } from '../../../shared/delta/path.ts'
import { NAME_COLUMNS, SeenMessages } from '../../../shared/lake/audit/seen-messages.ts'
import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { rowsOf } from './text.ts'

type Options = { readonly table?: string; readonly json?: boolean }

/**
 * Reads every file with our own reader and says, for each life of the stream, which messages are rows. A message that is none may be in the dead letters;
 * rows that are there twice, files that are not there, and files with other rows than their writer said are faults.
 */
export const verify = ({ table: key, json }: Options): Promise<number> =>
  withTable(key, undefined, async ({ table, store, snapshot }) => {
    const seen = new SeenMessages()
    const faults: string[] = []
    for (const add of snapshot.files.values()) {
      const bytes = await store.get(keyOfPath(add.path, table.spec.key))
      if (!bytes) {
        faults.push(`${add.path} is not there`)
        continue
      }
      let rows = 0
      for await (const group of parquet.groups(bytes, NAME_COLUMNS)) rows += seen.addRows(group)
      if (rows !== rowsOf(add)) faults.push(`${add.path} has ${rows} rows, not ${rowsOf(add)}`)
    }
    const epochs = seen.epochs()
    const double = epochs.reduce((sum, epoch) => sum + epoch.double, 0)
    if (double > 0) faults.push(`${double} rows are there twice`)
    if (json) console.log(JSON.stringify({ version: snapshot.version, epochs, faults }, null, 2))
    else {
      const head = ['epoch', 'rows', 'double', 'messages', 'from', 'to', 'without a row']
      const lines = epochs.map((one) =>
        [one.epoch, one.rows, one.double, one.messages, one.from, one.to, one.absent].map((n) => n.toLocaleString('en')),
      )
      for (const line of asTable(head, lines)) console.log(line)
      console.log(faults.length === 0 ? `version ${snapshot.version} is whole` : faults.join('\n'))
    }
    return faults.length === 0 ? 0 : 1
  })
