import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../infra/stack/settings.ts'
import { metricsOfPage } from '../support/metrics-page.ts'
import { registeredMetrics } from '../support/registered-metrics.ts'

const registered = (await registeredMetrics()).filter(({ name }) => !/^(process|nodejs)_/.test(name))

test('docs/operations.md lists every metric, with who tells it, its type and its labels, and no other', () => {
  const page = metricsOfPage(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8'))
  const sorted = (all: readonly { readonly name: string }[]) => all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  expect(sorted(page)).toEqual(sorted(registered))
})

test('names end as Prometheus has it: counters in _total, times in _seconds, sizes in _bytes', () => {
  const own = registered.filter(({ name }) => name !== 'gateway_function_invocation_started')
  for (const { name, type } of own) expect(name.endsWith('_total'), name).toBe(type === 'counter')
  for (const { name } of own) expect(name).not.toMatch(/_(ms|milliseconds|kb|sum|bucket)$|(?<!_timestamp)_(time|duration|latency|size)$/)
})
