import { expect, test } from 'vitest'
import { triggerOf } from '../../../triggers/trigger.ts'

const positioned = { 'trigger.stream': 'MARKET_TICKS', 'trigger.delivery': 'positioned' }

test('a function without trigger annotations has no trigger', () => {
  expect(triggerOf('f', { 'http.route': '/bars', topic: 'x' })).toBeUndefined()
})

test('what is left out has a default, and other annotations are not ours', () => {
  expect(triggerOf('f', { ...positioned, 'prometheus.io/scrape': 'true' })).toEqual({
    functionName: 'f',
    delivery: 'positioned',
    stream: 'MARKET_TICKS',
    subjects: [],
    readers: 1,
    batch: 1000,
    maxBytes: 1024 * 1024,
    waitMs: 0,
    start: { kind: 'all' },
    quiet: true,
  })
})

test('every setting is read', () => {
  const annotations = {
    ...positioned,
    'trigger.subjects': 'ticks.nyse.>, ticks.arca.>',
    'trigger.readers': '4',
    'trigger.batch': '5000',
    'trigger.max-bytes': '4096',
    'trigger.wait-ms': '250',
    'trigger.start': 'time:2024-08-08T00:00:00Z',
    'trigger.quiet': 'false',
  }
  expect(triggerOf('f', annotations)).toEqual({
    functionName: 'f',
    delivery: 'positioned',
    stream: 'MARKET_TICKS',
    subjects: ['ticks.nyse.>', 'ticks.arca.>'],
    readers: 4,
    batch: 5000,
    maxBytes: 4096,
    waitMs: 250,
    start: { kind: 'time', ms: Date.UTC(2024, 7, 8) },
    quiet: false,
  })
  expect(triggerOf('f', { ...positioned, 'trigger.start': 'sequence:17' })?.start).toEqual({ kind: 'sequence', sequence: 17 })
  expect(triggerOf('f', { ...positioned, 'trigger.start': 'new' })?.start).toEqual({ kind: 'new' })
})

test.each([
  ['an unknown key', { 'trigger.bach': '5000' }, /bach/],
  ['readers of an acked trigger', { 'trigger.delivery': 'acked', 'trigger.readers': '2' }, /readers/],
  [
    'more than a message a call in the form of one',
    { 'trigger.delivery': 'acked', 'trigger.form': 'message', 'trigger.batch': '2' },
    /batch is 1/,
  ],
  ['another delivery', { 'trigger.delivery': 'pushed' }, /positioned/],
  ['no readers', { 'trigger.readers': '0' }, /readers/],
  ['a batch that is no number', { 'trigger.batch': '5e3' }, /batch/],
  ['sequence 0', { 'trigger.start': 'sequence:0' }, /start/],
  ['a time that is none', { 'trigger.start': 'time:soon' }, /start/],
  ['quiet that is neither', { 'trigger.quiet': 'yes' }, /quiet/],
  ['a stream name with a dot', { 'trigger.stream': 'A.B' }, /stream/],
])('%s is refused', (_, wrong, message) => {
  expect(() => triggerOf('f', { ...positioned, ...wrong })).toThrow(message)
})

test('an acked trigger has settings of its own', () => {
  const annotations = {
    ...positioned,
    'trigger.delivery': 'acked',
    'trigger.concurrency': '4',
    'trigger.order': 'subject',
    'trigger.max-attempts': '3',
    'trigger.max-age': '1h',
    'trigger.backoff-ms': '200',
  }
  expect(triggerOf('f', annotations)).toMatchObject({
    delivery: 'acked',
    batch: 100,
    concurrency: 4,
    order: { kind: 'subject' },
    maxAttempts: 3,
  })
  expect(triggerOf('f', annotations)).toMatchObject({ maxAgeMs: 3_600_000, backoffMs: 200, backoffMostMs: 60_000, form: 'batch' })
  expect(triggerOf('f', { ...positioned, 'trigger.delivery': 'acked', 'trigger.form': 'message' })).toMatchObject({
    form: 'message',
    batch: 1,
    concurrency: 16,
  })
  expect(triggerOf('f', { ...positioned, 'trigger.delivery': 'acked', 'trigger.batch': '2' })).toMatchObject({ concurrency: 4 })
})

test('without a stream or a delivery it is refused, and both are named', () => {
  expect(() => triggerOf('f', { 'trigger.batch': '10' })).toThrow(/stream[\s\S]*delivery/)
})
