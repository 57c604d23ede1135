import { expect, test } from 'vitest'
import { mostOf, quantileOf, samplesOf, sumOf } from '../../../../../infra/cli/seen/exposition.ts'
import { Histogram, Registry } from '../../../../../shared/runtime/prometheus.ts'

test('samples are read with their labels, and comments and nonsense are passed over', () => {
  const page = [
    '# HELP a text {x="1"} 3',
    '# TYPE a gauge',
    'a 1',
    'a{} 2',
    'a{x="1",other_label="say \\"no\\", then }\\n\\\\"} 3.5e-3 1700000000000',
    'b_bucket{le="+Inf"} +Inf',
    '{x="1"} 3',
    '',
  ].join('\n')
  expect(samplesOf(page)).toEqual([
    { name: 'a', labels: {}, value: 1 },
    { name: 'a', labels: {}, value: 2 },
    { name: 'a', labels: { x: '1', other_label: 'say "no", then }\n\\' }, value: 0.0035 },
    { name: 'b_bucket', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY },
  ])
})

test('sums and greatest ones are of one metric', () => {
  const samples = samplesOf('a{x="1"} 2\nab 100\na{x="2"} 5')
  expect([sumOf(samples, 'a'), sumOf(samples, 'c'), mostOf(samples, 'a'), mostOf(samples, 'c')]).toEqual([7, 0, 5, undefined])
})

const histogram = async (...values: [code: string, value: number][]) => {
  const registers = [new Registry()]
  const made = new Histogram({ name: 'h', help: 'h', labelNames: ['code'], buckets: [1, 2, 4], registers })
  for (const [code, value] of values) made.observe({ code }, value)
  return samplesOf(await registers[0]!.metrics())
}

test.each([
  ['in the middle of a bucket', [1.5, 1.5, 1.5, 1.5], 0.5, 1.5],
  ['at the bound of a bucket', [0.5, 3, 3, 3], 0.25, 1],
  ['in the first bucket', [0.5, 0.5], 0.5, 0.5],
  ['beyond the last bound', [3, 100, 100], 0.99, 4],
])('a quantile is found %s', async (_, values, share, expected) => {
  const samples = await histogram(...values.map((value): [string, number] => ['200', value]))
  expect(quantileOf(samples, 'h', share)).toBe(expected)
})

test('a quantile is of all label sets together, and of nothing where nothing was observed', async () => {
  expect(quantileOf(await histogram(['200', 0.5], ['500', 3], ['500', 3]), 'h', 1)).toBe(4)
  expect(quantileOf(await histogram(), 'h', 0.5)).toBeUndefined()
})
