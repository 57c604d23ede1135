import { expect, onTestFinished, test, vi } from 'vitest'
import { parquet } from '../../../../shared/adapters/parquet/parquet.ts'
import { Table } from '../../../../shared/delta/table.ts'
import { tickTable } from '../../../../shared/lake/tick-table.ts'
import type { Parquet } from '../../../../shared/ports/parquet.ts'
import { memoryObjectStore } from '../../../support/memory-object-store.ts'
import { seqs } from '../../../support/seqs-in.ts'
import { tickBatch } from '../../../support/tick-batch.ts'
import { KEY, message, messages, START_MS, seqsIn, start } from './start.ts'

test('a commit is made when its first row has waited long enough', async () => {
  const { post, store } = start({ flushMs: 1 })
  await post(tickBatch(messages(1, 3)))

  await expect.poll(() => [...store.objects.keys()].some((key) => key.endsWith('.json'))).toBe(true)
  expect(await seqsIn(store)).toEqual(seqs(1, 3))
})

test('a commit that is due while a batch is being taken waits for it: rows and position go together', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { app, post, store, deadLetters } = start({ flushMs: 1 })
  const { publishAll } = deadLetters
  deadLetters.publishAll = async (letters) => {
    // What is due is looked for meanwhile, more than once.
    vi.advanceTimersByTime(600)
    await publishAll(letters)
  }
  await post(tickBatch(messages(1, 3)))
  await post(tickBatch([...messages(4, 6), { ...message(7), text: 'x' }]))
  await expect.poll(() => seqsIn(store)).toEqual(seqs(1, 6))

  expect((await post(tickBatch(messages(8, 10)))).status).toBe(200)
  await app.rows.close()
  expect(await seqsIn(store)).toEqual([...seqs(1, 6), ...seqs(8, 10)])
})

test('what is full while another commit is under way is committed after it, without a further call', async () => {
  const store = memoryObjectStore()
  let away = true
  const { post } = start({ store, flushRows: 10, fate: () => (away ? 'lost' : 'done') })
  for (const from of [1, 11]) expect((await post(tickBatch(messages(from, from + 9)))).status).toBe(200)
  away = false

  await expect.poll(() => seqsIn(store), { timeout: 10_000 }).toEqual(seqs(1, 20))
})

test('rows that fail to be encoded in the middle of their files are read again, and are there once', async () => {
  let left = 3
  const files: Parquet = {
    ...parquet,
    file(columns, codec) {
      const file = parquet.file(columns, codec)
      return {
        get sizeBytes() {
          return file.sizeBytes
        },
        finish: () => file.finish(),
        write(...group) {
          if (left-- === 1) throw new RangeError('Array buffer allocation failed')
          file.write(...group)
        },
      }
    },
  }
  const { app, post, store } = start({ flushRows: 4, files })
  const batch = tickBatch([1, 2, 3, 4].map((seq) => message(seq, { timestamp: START_MS - 86_400_000 * seq })))
  await post(batch)
  const next = tickBatch(messages(5, 6))
  await expect.poll(async () => (await post(next)).status).toBe(409)
  expect((await post(batch)).status).toBe(200)
  expect((await post(next)).status).toBe(200)
  await app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 6))
})

test('a file whose commit waits for more than a week is not the one that vacuum takes for a crash’s', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const store = memoryObjectStore()
    const isCommit = (key: string) => key.endsWith('.json')
    let takes = true
    const { app, post } = start({ store, flushRows: 2, fate: (key) => (takes || !isCommit(key) ? 'done' : 'lost') })
    const dataFiles = () => [...store.objects.keys()].filter((key) => key.endsWith('.parquet'))
    await post(tickBatch(messages(1, 2)))
    await expect.poll(() => [...store.objects.keys()].some(isCommit)).toBe(true)
    takes = false
    await post(tickBatch(messages(3, 4)))
    await expect.poll(() => dataFiles().length).toBe(2)

    vi.setSystemTime(Date.now() + 8 * 86_400_000)
    const upkeep = new Table(tickTable(KEY, 'dt', 'zstd'), store, parquet)
    await upkeep.vacuum(Number.POSITIVE_INFINITY)
    takes = true
    await app.rows.close()

    expect(await seqsIn(store)).toEqual(seqs(1, 4))
  } finally {
    vi.useRealTimers()
  }
})
