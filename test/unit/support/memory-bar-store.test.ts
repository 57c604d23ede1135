import { describe } from 'vitest'
import { barStoreCases } from '../../conformance/bar-store.ts'
import { memoryBarStore } from '../../support/memory-bar-store.ts'

describe('the store in memory', () => barStoreCases(async () => memoryBarStore(16)))
