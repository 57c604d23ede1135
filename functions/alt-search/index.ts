import { opensearchConfig } from '../../shared/adapters/opensearch/config.ts'
import { connectOpensearch } from '../../shared/adapters/opensearch/connect.ts'
import { opensearchDocSearch } from '../../shared/adapters/opensearch/doc-search.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { altSearch } from './handler.ts'

const opensearch = connectOpensearch(loadConfig(opensearchConfig))
serve(altSearch(opensearchDocSearch(opensearch)), [opensearch])
