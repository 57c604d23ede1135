import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../../../../infra/stack/settings.ts'
import { spokenOf } from '../../../support/promql.ts'
import { registeredMetrics, type Teller } from '../../../support/registered-metrics.ts'

const read = (file: string) => readFileSync(join(ROOT, 'infra/deploy', file), 'utf8')

type Rule = { alert: string; expr: string; for?: string; labels: Record<string, string>; annotations: Record<string, string> }
type Panel = {
  title: string
  type: string
  targets?: { expr: string; legendFormat: string }[]
  gridPos: { x: number; y: number; w: number; h: number }
}

const alerts: { groups: { name: string; rules: Rule[] }[] } = parse(read('prometheus/alerts.yml'))
const scraping: { rule_files: string[]; scrape_configs: { job_name: string }[] } = parse(read('prometheus/prometheus.yml'))
const inCluster: typeof scraping = parse(read('prometheus/kubernetes.yml'))
const dashboard: { panels: Panel[]; templating: { list: { name: string }[] } } = JSON.parse(read('grafana/trade2026.json'))

/** What scraping adds: to all, and to those who tell. */
const BY_SCRAPING = ['job', 'instance']
const ADDED: Record<Teller, readonly string[]> = { gateway: [], trigger: ['process'], function: ['process', 'function', 'replica'] }

/** The labels that each time series may have, by its name. */
const series = new Map<string, Set<string>>([['up', new Set(BY_SCRAPING)]])
for (const { name, of, type, labels } of await registeredMetrics()) {
  const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
  for (const one of names) {
    const le = one.endsWith('_bucket') ? ['le'] : []
    series.set(one, new Set([...(series.get(one) ?? []), ...BY_SCRAPING, ...ADDED[of], ...labels, ...le]))
  }
}
const jobs = new Set([scraping, inCluster].flatMap(({ scrape_configs }) => scrape_configs.map(({ job_name }) => job_name)))

/** What is wrong with an expression: metrics nobody registers, labels that they do not have, jobs nobody scrapes. */
function faultsOf(expression: string): string[] {
  const { selectors, grouped } = spokenOf(expression)
  const known = new Set(selectors.flatMap(({ name }) => [...(series.get(name) ?? [])]))
  return [
    ...selectors.flatMap(({ name, labels, equals }) => {
      const own = series.get(name)
      if (!own) return [`no metric ${name}`]
      const job = equals.job !== undefined && !jobs.has(equals.job) ? [`no job ${equals.job}`] : []
      return [...labels.filter((label) => !own.has(label)).map((label) => `no label ${label} on ${name}`), ...job]
    }),
    ...grouped.filter((label) => !known.has(label)).map((label) => `no label ${label} to group by`),
    ...(selectors.length === 0 ? ['no metric at all'] : []),
  ]
}

const expressions = [
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }): [string, string] => [`alert ${alert}`, expr])),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [`panel ${title}`, expr])),
]

test.each(expressions)('%s asks only for what is told: %s', (_, expression) => {
  expect(faultsOf(expression)).toEqual([])
})

test.each([
  ['sum by (functoin) (rate(trigger_messages_total[5m]))', ['no label functoin to group by']],
  ['trigger_lag_message > 1', ['no metric trigger_lag_message']],
  ['histogram_quantile(0.9, rate(trigger_call_seconds[5m]))', ['no metric trigger_call_seconds']],
  ['trigger_lag_messages{lane="0-of-1",fn=~"a}b"} offset 5m', ['no label fn on trigger_lag_messages']],
  ['up{job="trigger"} == 0 and on (instance) up', ['no job trigger']],
  ['1 > 0', ['no metric at all']],
])('a typo is found: %s', (expression, faults) => {
  expect(faultsOf(expression)).toEqual(faults)
})

const names = (text: string) => [...text.matchAll(/\{\{\s*\$?(?:labels\.)?(\w+)(?: \| \w+)?\s*\}\}/g)].map(([, name]) => name!)

test('texts of alerts and legends name only labels that are left by their expression', () => {
  const wrong = (text: string, expression: string) => {
    const { selectors, grouped } = spokenOf(expression)
    const left = new Set([...grouped, ...selectors.flatMap(({ name }) => [...(series.get(name) ?? [])]), 'value'])
    return names(text).filter((name) => !left.has(name))
  }
  for (const { alert, expr, annotations, labels } of alerts.groups.flatMap(({ rules }) => rules)) {
    expect(wrong(Object.values(annotations).join(' '), expr), alert).toEqual([])
    expect(Object.keys(annotations).sort(), alert).toEqual(['description', 'summary'])
    expect(['critical', 'warning'], alert).toContain(labels.severity)
  }
  for (const { title, targets = [] } of dashboard.panels)
    for (const { expr, legendFormat } of targets) expect(wrong(legendFormat, expr), title).toEqual([])
})

test('alerts have names of their own, and are read by both configurations', () => {
  const all = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
  expect(new Set(all).size).toBe(all.length)
  expect([scraping.rule_files, inCluster.rule_files]).toEqual([['alerts.yml'], ['alerts.yml']])
})

test('the dashboard uses only variables that it has, and no panel covers another', () => {
  const variables = new Set(dashboard.templating.list.map(({ name }) => name))
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(?!__)(\w+)/g)].map(([, name]) => name!)
  expect([...new Set(used)].filter((name) => !variables.has(name))).toEqual([])
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(Math.max(...cells.map((cell) => Number(cell.split(',')[0])))).toBeLessThan(24)
})
