import { firstTableCases } from '../../conformance/first-table.ts'
import { MemoryFirstTable } from '../../support/first-table.ts'

firstTableCases(() => {
  const table = new MemoryFirstTable()
  return [table, table]
})
