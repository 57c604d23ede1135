import type { Registered, Teller } from './registered-metrics.ts'

const ROW = /^\| `(\w+)` \| (gateway|trigger|function) \| (\w+) \| ([^|]*)\|/gm

/** The metrics that docs/operations.md lists in its table. */
export const metricsOfPage = (markdown: string): Registered[] =>
  [...markdown.matchAll(ROW)].map(([, name, of, type, labels]) => ({
    name: name!,
    of: of as Teller,
    type: type!,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
  }))
