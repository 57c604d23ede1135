import type { LogLine } from './part.ts'

/** Joins the lines of several replicas, each in the order of time, to one such order. */
export async function* mergeByTime(sources: readonly AsyncGenerator<LogLine[]>[]): AsyncGenerator<LogLine[]> {
  let heads = sources.map((source) => ({ source, lines: [] as LogLine[], at: 0 }))
  try {
    for (;;) {
      const ended = new Set<unknown>()
      for (const head of heads) {
        while (head.at === head.lines.length && !ended.has(head)) {
          const { value, done } = await head.source.next()
          if (done) ended.add(head)
          else Object.assign(head, { lines: value, at: 0 })
        }
      }
      heads = heads.filter((head) => !ended.has(head))
      if (heads.length === 0) return
      const merged: LogLine[] = []
      while (heads.every(({ lines, at }) => at < lines.length)) {
        const earliest = heads.reduce((a, b) => (b.lines[b.at]!.ms < a.lines[a.at]!.ms ? b : a))
        merged.push(earliest.lines[earliest.at++]!)
      }
      yield merged
    }
  } finally {
    for (const { source } of heads) await source.return(undefined)
  }
}
