import { describe } from 'vitest'
import { positionTableCases } from '../../conformance/position-table.ts'
import { memoryPositionTable } from '../../support/memory-position-table.ts'

describe('positions in memory', () => {
  const functions = new Map<string, ReturnType<typeof memoryPositionTable>>()
  positionTableCases(() => ({
    table(name) {
      const known = functions.get(name) ?? memoryPositionTable()
      functions.set(name, known)
      return known.another()
    },
    settled: async () => {},
    async restart() {
      for (const table of functions.values()) table.restart()
    },
  }))
})
