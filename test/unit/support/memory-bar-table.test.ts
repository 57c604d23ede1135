import { describe } from 'vitest'
import { barTableCases } from '../../conformance/bar-table.ts'
import { memoryBarTable } from '../../support/memory-bar-table.ts'

describe('the bar table in memory', () => {
  const table = memoryBarTable()
  barTableCases(() => ({ table, settled: async () => {} }))
})
