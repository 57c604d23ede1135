import { crc32 } from 'node:zlib'
import { connectOpensearch } from '../../../shared/adapters/opensearch/connect.ts'
import { away, codeless, isStatus } from '../../../shared/adapters/opensearch/failure.ts'
import { DOCUMENTS, DOCUMENTS_TEMPLATE, docIndexName, POSITIONS_INDEX } from '../../../shared/contract/doc-indices.ts'
import { shownAddress } from '../../../shared/runtime/address.ts'
import { TerminalError } from '../../../shared/runtime/errors.ts'
import documents from './alt-docs.json' with { type: 'json' }
import positions from './positions.json' with { type: 'json' }

const RETRY_MS = 200
/** Another text is another version of the template. */
const VERSION = crc32(JSON.stringify(documents))

/**
 * A server makes every analyser that it knows for every index, also those that nothing uses, and Java as it is installed here has no data of the Thai language
 * (docs/decisions/0010-opensearch.md). An index whose settings name another analyser `thai` is made; the files of this folder do, this is for all other indices.
 */
const OTHERS_TEMPLATE = {
  name: 'trade2026-others',
  body: { index_patterns: ['*'], priority: 0, template: { settings: { analysis: { analyzer: { thai: { type: 'standard' } } } } } },
}

type Client = ReturnType<typeof connectOpensearch>['client']

/**
 * Makes what documents and positions need: the template of their indices, what is new of it in indices that are there, an index to begin with (an alias
 * of nothing cannot be), and the index of positions. Doing it again changes nothing.
 * @throws {RetryableError} ERR_UNAVAILABLE when the server does not answer within `waitMs`.
 * @throws {TerminalError} ERR_CONFIG with what it refuses.
 */
export async function applyIndices(url: string, waitMs = 0, signal?: AbortSignal): Promise<void> {
  const opensearch = connectOpensearch({ OPENSEARCH_URL: url })
  const end = performance.now() + waitMs
  try {
    for (;;) {
      try {
        return await apply(opensearch.client)
      } catch (cause) {
        if (isRefusal(cause)) throw refused(url, cause)
        if (performance.now() > end || signal?.aborted) throw away(shownAddress(url), cause)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  } finally {
    await opensearch.close()
  }
}

/** The same for a server that was started here, and what its Java makes necessary. */
export async function applyToOwn(url: string): Promise<void> {
  const { client, close } = connectOpensearch({ OPENSEARCH_URL: url })
  try {
    await client.indices.putIndexTemplate(OTHERS_TEMPLATE as never)
  } finally {
    await close()
  }
  await applyIndices(url)
}

async function apply(client: Client): Promise<void> {
  const { body: isThere } = await client.indices.existsAlias({ name: DOCUMENTS })
  // The template last: where it is of this version, so are the indices, and one that is read-only need not take its fields again.
  if ((await templateVersion(client)) !== VERSION) {
    if (isThere) await client.indices.putMapping({ index: DOCUMENTS, body: documents.template.mappings as never })
    await client.indices.putIndexTemplate({ name: DOCUMENTS_TEMPLATE, body: { ...documents, version: VERSION } as never })
  }
  if (!isThere) await create(client, docIndexName('news', Date.now()), {})
  await create(client, POSITIONS_INDEX, positions)
}

async function templateVersion(client: Client): Promise<number | undefined> {
  try {
    const { body } = await client.indices.getIndexTemplate({ name: DOCUMENTS_TEMPLATE })
    return body.index_templates[0]?.index_template.version
  } catch (error) {
    if (isStatus(error, 404)) return undefined
    throw error
  }
}

/** Makes an index unless it is there. */
async function create(client: Client, index: string, body: object): Promise<void> {
  const { body: isThere } = await client.indices.exists({ index })
  if (isThere) return
  await client.indices.create({ index, body: body as never }).catch((error) => {
    // Another process was first.
    if (codeless(error).type !== 'resource_already_exists_exception') throw error
  })
}

/** What will be refused the next time too; an index that is read-only, as of a full disk, may not be one for long. */
const isRefusal = (cause: unknown): boolean =>
  [400, 401, 403].some((status) => isStatus(cause, status)) && codeless(cause).type !== 'cluster_block_exception'

const refused = (url: string, cause: unknown): TerminalError =>
  new TerminalError('ERR_CONFIG', `the indices of documents cannot be applied at ${shownAddress(url)}: ${codeless(cause).reason}`, cause)
