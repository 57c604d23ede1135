import { Client } from '@opensearch-project/opensearch'
import { DOCUMENTS_TEMPLATE } from '../../contract/doc-indices.ts'
import type { Resource } from '../../runtime/resource.ts'

/** An OpenSearch server. */
export type Opensearch = Resource & { readonly client: Client }

/** The most a request may take, unless it says otherwise. */
const REQUEST_MS = 15_000
const MOST_SOCKETS = 16

/**
 * Opens no connection: each request does, or takes one that idles. It never tries again by itself: whether that is sound, the caller knows.
 * It is ready when the server has the template of this platform's indices: without it, an index would be made with fields that were guessed.
 */
export function connectOpensearch({ OPENSEARCH_URL }: { readonly OPENSEARCH_URL: string }, requestMs = REQUEST_MS): Opensearch {
  const { protocol, host, pathname, username, password } = new URL(OPENSEARCH_URL)
  const auth = username === '' ? {} : { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }
  const client = new Client({
    node: `${protocol}//${host}${pathname}`,
    ...auth,
    maxRetries: 0,
    requestTimeout: requestMs,
    agent: { keepAlive: true, maxSockets: MOST_SOCKETS },
  })
  return {
    name: 'opensearch',
    client,
    ready: async () => (await client.indices.existsIndexTemplate({ name: DOCUMENTS_TEMPLATE })).body,
    close: () => client.close(),
  }
}
