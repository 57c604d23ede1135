import { objectStoreCases } from '../../conformance/object-store.ts'
import { memoryObjectStore } from '../../support/memory-object-store.ts'

objectStoreCases(async () => ({ store: memoryObjectStore(), prefix: 'a/' }))
