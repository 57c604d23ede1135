import { DOCUMENTS_TEMPLATE, docIndexName } from '../../contract/doc-indices.ts'
import type { StoredDoc } from '../../ports/doc-index.ts'
import type { Opensearch } from './connect.ts'
import { away, codeless } from './failure.ts'

/**
 * Sees to it that the indices of documents are there before the first document is, made by our template. A server that makes indices by itself, without
 * the template (its data was lost), would guess their fields, and nobody could change them again.
 */
export function ensureIndices(client: Opensearch['client']) {
  const known = new Set<string>()
  return {
    async there(docs: readonly StoredDoc[]): Promise<void> {
      const wanted = new Set(docs.map(({ category, seen_ms }) => docIndexName(category, seen_ms)))
      for (const index of wanted) {
        if (known.has(index)) continue
        await make(client, index)
        known.add(index)
      }
    },
    /** Looks again the next time. */
    forget: (): void => known.clear(),
  }
}

/** Whether the server has what storage needs: its indices get the right fields, and where there is no index there are no documents. */
export const hasTemplate = async (client: Opensearch['client']): Promise<boolean> =>
  (await client.indices.existsIndexTemplate({ name: DOCUMENTS_TEMPLATE })).body

/** @throws {RetryableError} ERR_UNAVAILABLE also while the server has no template: storage is applied when it comes up (infra/storage). */
async function make(client: Opensearch['client'], index: string): Promise<void> {
  const what = `index ${index} cannot be made`
  try {
    const { body: isThere } = await client.indices.exists({ index })
    if (isThere) return
    if (!(await hasTemplate(client)))
      throw new Error(`the server has no template ${DOCUMENTS_TEMPLATE} yet: \`trade2026 storage\` brings it`)
    await client.indices.create({ index, body: {} })
  } catch (error) {
    if (codeless(error).type === 'resource_already_exists_exception') return
    throw away(what, error)
  }
}
