import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../support/progress.ts'
import type { Happened } from '../in-order.ts'
import { signal } from '../world.ts'
import type { Step } from './schedule.ts'
import { type DocumentWorld, headOf, reached, storedBy } from './world.ts'

type ReadOnly = Extract<Step, { readonly fault: 'read-only' }>

const SEARCH = 'index-alt-doc'
/** OpenSearch takes the block of an index off by itself as soon as it looks and finds room on the disk. */
const AGAIN_MS = 500
const WITHIN_MS = 120_000

/** OpenSearch takes no documents for a while, as when its disk is nearly full. */
export async function readOnly(world: DocumentWorld, { what, ms, killed }: ReadOnly): Promise<Happened> {
  const { OPENSEARCH_URL } = world.stack.urls
  const block = (yes: boolean) => put(OPENSEARCH_URL, what, yes)
  const taken = (yes: boolean) => until(`OpenSearch is read-only: ${yes}`, () => block(yes).then(() => true), WITHIN_MS)
  await taken(true)
  const ends = performance.now() + ms
  let mostWaiting = 0
  let isKilled = !killed
  try {
    while (performance.now() < ends) {
      await sleep(AGAIN_MS)
      await block(true).catch(() => {})
      if (!isKilled && performance.now() > ends - ms / 2) {
        isKilled = true
        await signal(world, SEARCH, 'SIGKILL')
      }
      // It may just be starting again.
      const waiting = await Promise.all([headOf(world), reached(world, SEARCH)]).then(
        ([head, at]) => head - at,
        () => 0,
      )
      mostWaiting = Math.max(mostWaiting, waiting)
    }
  } finally {
    await taken(false)
  }
  const recoveryMs = await storedBy(world)
  return { recoveryMs, note: `${ms / 1000} s, up to ${mostWaiting} messages waited${killed ? `, ${SEARCH} was killed meanwhile` : ''}` }
}

async function put(url: string, what: ReadOnly['what'], yes: boolean): Promise<void> {
  const value = yes ? true : null
  const [path, body] =
    what === 'cluster'
      ? ['_cluster/settings', { persistent: { 'cluster.blocks.read_only_allow_delete': value } }]
      : ['_all/_settings?expand_wildcards=open', { 'index.blocks.read_only_allow_delete': value }]
  const response = await fetch(`${url}/${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`OpenSearch was to be read-only (${yes}): ${response.status} ${await response.text()}`)
}
