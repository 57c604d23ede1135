import { setTimeout as sleep } from 'node:timers/promises'
import { logsIn, type ReplicaLog } from './files.ts'
import { mergeByTime } from './merge.ts'
import { type LogLine, LogPart } from './part.ts'
import { LogTail } from './tail.ts'

/** What is asked of a function's log: all of its lines unless said otherwise. */
type LogQuery = {
  readonly folder: string
  readonly service: string
  /** Only this replica's. */
  readonly instance?: string | undefined
  readonly sinceMs?: number | undefined
  /** Only so many, the last ones. */
  readonly last?: number | undefined
}

/** Looks for new lines this often. */
const LOOK_MS = 100

/**
 * The lines of a function's replicas in the order of their times, in batches.
 * @param follow - then each new line as it is written, those of new replicas as well, until this signal.
 */
export async function* readLog(query: LogQuery, follow?: AbortSignal): AsyncGenerator<LogLine[]> {
  const tails = new Map<string, LogTail>()
  const written = mergeByTime(logsOf(query).map((log) => linesOf(log, query, follow && ((tail) => tails.set(log.file, tail)))))
  yield* query.last === undefined ? written : lastOf(written, query.last)
  while (follow?.aborted === false) {
    for (const log of logsOf(query)) {
      const tail = tails.get(log.file) ?? new LogTail(log)
      tails.set(log.file, tail)
      yield await tail.next()
    }
    await sleep(LOOK_MS, undefined, { signal: follow }).catch(() => {})
  }
}

const logsOf = ({ folder, service, instance }: LogQuery): ReplicaLog[] =>
  (logsIn(folder).get(service) ?? []).filter((log) => instance === undefined || log.instance === instance)

/** What one replica has written; `onTail` takes what reads on from there, where that is wanted. */
async function* linesOf(log: ReplicaLog, { sinceMs = 0, last }: LogQuery, onTail?: (tail: LogTail) => void): AsyncGenerator<LogLine[]> {
  const older = await LogPart.open(log.older, log.instance)
  const newer = await LogPart.open(log.file, log.instance)
  try {
    const inNewer = last === undefined ? { offset: 0, found: 0 } : await newer?.offsetOfLast(last)
    const inOlder = last === undefined ? { offset: 0, found: 0 } : await older?.offsetOfLast(last - (inNewer?.found ?? 0))
    let begun: Buffer = Buffer.alloc(0)
    for (const [part, start] of [
      [older, inOlder],
      [newer, inNewer],
    ] as const) {
      if (!part) continue
      const lines = part.lines(Math.max(start?.offset ?? 0, part.offsetSince(sinceMs)), begun)
      let step = await lines.next()
      for (; !step.done; step = await lines.next()) yield step.value.filter(({ ms }) => ms >= sinceMs)
      begun = step.value
    }
    if (onTail) onTail(new LogTail(log, newer?.sizeBytes, begun))
    else if (begun.length > 0) yield [{ instance: log.instance, ms: Date.now(), text: begun.toString() }]
  } finally {
    await older?.close()
    await newer?.close()
  }
}

async function* lastOf(lines: AsyncGenerator<LogLine[]>, count: number): AsyncGenerator<LogLine[]> {
  let kept: LogLine[] = []
  for await (const batch of lines) {
    kept.push(...batch)
    if (kept.length > count * 2) kept = kept.slice(-count)
  }
  yield kept.slice(-count)
}
