import { docIndexCases } from '../../conformance/doc-index.ts'
import { memoryDocIndex } from '../../support/memory-doc-index.ts'

const index = memoryDocIndex()
docIndexCases(() => index)
