import { BatchHead } from './batch.ts'

/** Run-length codes numbers as [value, times, value, times, ...]. */
export function toRuns(values: Iterable<number>): number[] {
  const runs: number[] = []
  for (const value of values) {
    const end = runs.length
    if (end > 0 && runs[end - 2] === value) runs[end - 1]!++
    else runs.push(value, 1)
  }
  return runs
}

/** Run-length codes the steps between numbers; the first step is from 0. */
export function toStepRuns(values: Iterable<number>): number[] {
  const runs: number[] = []
  let before = 0
  for (const value of values) {
    const step = value - before
    const end = runs.length
    if (end > 0 && runs[end - 2] === step) runs[end - 1]!++
    else runs.push(step, 1)
    before = value
  }
  return runs
}

/** Undoes {@link toRuns}. @throws {RangeError} when the runs do not give exactly `count` numbers. */
export function fromRuns(runs: readonly number[], count: number): Float64Array {
  const values = new Float64Array(count)
  let at = 0
  for (let i = 0; i < runs.length; i += 2) {
    const times = runs[i + 1] ?? 0
    if (!(times >= 0) || at + times > count) throw new RangeError(`runs give more than the ${count} numbers announced`)
    values.fill(runs[i]!, at, at + times)
    at += times
  }
  if (at !== count) throw new RangeError(`runs give ${at} numbers, ${count} announced`)
  return values
}

/** Undoes {@link toStepRuns}. */
export function fromStepRuns(runs: readonly number[], count: number): Float64Array {
  const values = fromRuns(runs, count)
  for (let i = 1; i < count; i++) values[i]! += values[i - 1]!
  return values
}

/** A batch as it arrived: its head, decoded columns, and where its lines are. Line i is `body[starts[i] .. starts[i + 1] - 1)`. */
export type Batch = {
  readonly head: BatchHead
  readonly body: Uint8Array
  /** count + 1 offsets; each line ends in a newline just before the next start. */
  readonly starts: Uint32Array
  readonly seqs: Float64Array
  /** Broker times, ms. */
  readonly times: Float64Array
  /** Index in `head.subjects`. */
  readonly subject: Float64Array
}

/**
 * Reads a batch body.
 * @throws {RangeError | SyntaxError | ZodError} when it is malformed or its lines are not as many as announced; nothing may be applied then.
 */
export function parseBatch(body: Uint8Array): Batch {
  const end = body.indexOf(10)
  if (end < 0) throw new RangeError('no newline after the head')
  const head = BatchHead.parse(JSON.parse(new TextDecoder().decode(body.subarray(0, end))))
  const starts = new Uint32Array(head.count + 1)
  let at = end + 1
  for (let i = 0; i < head.count; i++) {
    starts[i] = at
    const next = body.indexOf(10, at)
    if (next < 0) throw new RangeError(`the body holds ${i} messages, ${head.count} announced`)
    at = next + 1
  }
  starts[head.count] = at
  if (at !== body.length) throw new RangeError(`the body goes on after the ${head.count} messages announced`)
  return {
    head,
    body,
    starts,
    seqs: fromStepRuns(head.seqs, head.count),
    times: fromStepRuns(head.times, head.count),
    subject: fromRuns(head.subject, head.count),
  }
}

/** The bytes of message i of a batch, without its newline. */
export const lineOf = (batch: Batch, i: number): Uint8Array => batch.body.subarray(batch.starts[i]!, batch.starts[i + 1]! - 1)
