import { describe } from 'vitest'
import { barHistoryCases } from '../../conformance/bar-history.ts'
import { memoryBarHistory } from '../../support/memory-bar-history.ts'

describe('the history of bars in memory', () => {
  const history = memoryBarHistory()
  barHistoryCases(() => ({ history, write: async (bars) => void history.stored.push(...bars) }))
})
