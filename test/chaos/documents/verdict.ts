import { checkLog } from '../lake.ts'
import type { Check, Verdict } from '../report.ts'
import { ended } from '../verdict.ts'
import { compareDocuments, compareLetters, compareNear } from './compare.ts'
import { documentsOf } from './fold.ts'
import { SINKS } from './schedule.ts'
import { inLake, inSearch, placeInLake, placeInSearch } from './stores.ts'
import { lettersIn, messagesIn } from './stream.ts'
import type { DocumentWorld } from './world.ts'

/** Everything that must hold once both functions have read the whole stream. */
export async function verdictOf(world: DocumentWorld): Promise<Verdict> {
  const { connection, stack, sent } = world
  const messages = await messagesIn(connection)
  const good = messages.filter(({ number }) => sent[number]?.code === undefined)
  const bad = new Map(
    messages.flatMap(({ number, sequence, payload }) => {
      const code = sent[number]?.code
      return code === undefined ? [] : [[sequence, { code, payload }] as const]
    }),
  )
  const expected = documentsOf(good)
  const search = await inSearch(stack.urls.OPENSEARCH_URL)
  const lake = await inLake(stack.urls.S3_URL)
  const nowhere = { place: '' }
  const log = await checkLog(world)
  const troubles = ended(world)
  return [
    published(sent.length, messages, `${expected.length} documents, ${good.length - expected.length} repeats, ${bad.size} malformed`),
    compareDocuments(
      'OpenSearch, alt_news',
      expected.map((one) => ({ ...one, place: placeInSearch(one) })),
      search,
    ),
    compareDocuments(
      'lake/alt_docs',
      expected.map((one) => ({ ...one, place: placeInLake(one) })),
      lake,
    ),
    compareDocuments(
      'the lake beside OpenSearch',
      search.map((one) => ({ ...one, ...nowhere })),
      lake.map((one) => ({ ...one, ...nowhere })),
    ),
    compareNear('near-duplicates in OpenSearch', search),
    compareNear('near-duplicates in the lake', lake),
    compareLetters('malformed messages in the dead letters', SINKS, bad, await lettersIn(connection)),
    { check: 'versions of the lake', found: log.found, ok: log.wrong.length === 0, examples: log.wrong },
    {
      check: 'processes',
      found: troubles.length === 0 ? 'all alive' : `${troubles.length} troubles`,
      ok: troubles.length === 0,
      examples: troubles,
    },
  ]
}

/** Whether the stream holds each message that was published, once. */
function published(count: number, messages: readonly { readonly number: number; readonly sequence: number }[], found: string): Check {
  const there = new Set(messages.map(({ number }) => number))
  const missing = Array.from({ length: count }, (_, i) => i).filter((i) => !there.has(i))
  const foreign = messages.filter(({ number }) => !(number >= 0 && number < count))
  const examples = [...missing.map((i) => `not in the stream: ${i}`), ...foreign.map(({ sequence }) => `of nobody: message ${sequence}`)]
  const again = messages.length - there.size
  return {
    check: 'messages in the stream',
    found: `${there.size} of ${count}: ${found}${again > 0 ? `; ${again} came twice` : ''}`,
    ok: examples.length === 0,
    examples,
  }
}
