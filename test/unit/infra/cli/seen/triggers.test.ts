import { expect, test } from 'vitest'
import { samplesOf } from '../../../../../infra/cli/seen/exposition.ts'
import { triggerTable } from '../../../../../infra/cli/seen/tables.ts'
import { triggerStates } from '../../../../../infra/cli/seen/triggers.ts'

const listed = (name: string, annotations: Record<string, string> = {}) => ({
  name,
  annotations,
  replicas: 1,
  availableReplicas: 1,
  invocationCount: 0,
})
const positioned = listed('p', { 'trigger.stream': 'TICKS', 'trigger.delivery': 'positioned' })
const acked = listed('a', { 'trigger.stream': 'ORDERS', 'trigger.delivery': 'acked', 'trigger.subjects': 'orders.new' })
const samples = samplesOf(
  [
    'trigger_lag_messages{function="p",lane="0-of-2",process="t0"} 5',
    'trigger_lag_messages{function="p",lane="1-of-2",process="t1"} 7',
    'trigger_oldest_age_seconds{function="p",lane="0-of-2",process="t0"} 0.25',
    'trigger_in_flight_calls{function="p",lane="0-of-2",process="t0"} 1',
    'trigger_in_flight_calls{function="p",lane="1-of-2",process="t1"} 1',
    'trigger_retries_total{function="p",lane="0-of-2",cause="503",process="t0"} 2',
    'trigger_retries_total{function="p",lane="0-of-2",cause="no ",process="t0"} 3',
    'trigger_dead_letters_total{function="p",lane="0-of-2",process="t0"} 1',
    'trigger_batches_total{function="p",lane="0-of-2",outcome="settled",process="t0"} 3',
    'trigger_batches_total{function="p",lane="1-of-2",outcome="settled",process="t1"} 1',
    ...['batch_messages', 'batch_bytes', 'call_seconds', 'attempts'].flatMap((name, i) => [
      `trigger_${name}_bucket{le="+Inf",function="p",lane="0-of-2",process="t0"} 3`,
      `trigger_${name}_count{function="p",lane="0-of-2",process="t0"} 3`,
      `trigger_${name}_count{function="p",lane="1-of-2",process="t1"} 1`,
      `trigger_${name}_sum{function="p",lane="0-of-2",process="t0"} ${[3000, 300_000, 0.5, 4][i]}`,
      `trigger_${name}_sum{function="p",lane="1-of-2",process="t1"} ${[999, 93_826, 0.25, 1][i]}`,
    ]),
    'trigger_lane_ready{function="p",lane="0-of-2",process="t0"} 1',
    'trigger_lane_ready{function="p",lane="1-of-2",process="t1"} 1',
    'trigger_lane_ready{function="a",lane="acked",process="t0"} 0',
    'trigger_lane_ready{function="a",lane="acked",process="t1"} 0',
    'trigger_lane_ready{function="async_bars",lane="acked",process="t0"} 0',
    'trigger_lane_ready{function="async_bars",lane="acked",process="t1"} 1',
    'trigger_lag_messages{function="async_bars",lane="acked",process="t0"} 1234',
  ].join('\n'),
)

test('a trigger is shown once, over its lanes and processes, with what its calls took; queues of asynchronous calls after those of stack.yml', () => {
  const states = triggerStates([listed('http'), positioned, acked], samples, [{ name: 'a', read: 0, lag: 9 }])
  const uncalled = { retries: 0, deadLetters: 0, calls: 0, messagesPerCall: null, bytesPerCall: null, secondsPerCall: null, attemptsPerCall: null } // biome-ignore format: one line
  const told = { retries: 5, deadLetters: 1, calls: 4, messagesPerCall: 999.75, bytesPerCall: 98_456.5, secondsPerCall: 0.1875, attemptsPerCall: 1.25 } // biome-ignore format: one line
  expect(states).toEqual([
    { function: 'p', kind: 'positioned', reads: 'TICKS', ready: true, lag: 7, oldestSeconds: 0.25, inFlight: 2, ...told },
    { function: 'a', kind: 'acked', reads: 'orders.new', ready: false, lag: 9, oldestSeconds: null, inFlight: null, ...uncalled },
    {
      function: 'async_bars',
      kind: 'async',
      reads: 'async.call.bars',
      ready: true,
      lag: 1234,
      oldestSeconds: null,
      inFlight: 0,
      ...uncalled,
    },
  ])
  expect(triggerTable(states)).toEqual([
    '┌────────────┬────────────┬─────────────────┬───────┬──────────┬───────────┬─────────┬──────────────┐',
    '│ trigger of │ kind       │ reads           │   lag │   oldest │ in flight │ retries │ dead letters │',
    '├────────────┼────────────┼─────────────────┼───────┼──────────┼───────────┼─────────┼──────────────┤',
    '│ p          │ positioned │ TICKS           │     7 │ 250.0 ms │         2 │       5 │            1 │',
    '│ a          │ acked      │ orders.new      │     9 │        - │         - │       0 │            0 │',
    '│ async_bars │ async      │ async.call.bars │ 1,234 │        - │         0 │       0 │            0 │',
    '└────────────┴────────────┴─────────────────┴───────┴──────────┴───────────┴─────────┴──────────────┘',
    'a is not delivered: the log of the trigger says why',
    '┌───────────┬───────┬─────────────────┬──────────────┬─────────────┬──────────┐',
    '│ calls for │ calls │ messages a call │ bytes a call │ time a call │ attempts │',
    '├───────────┼───────┼─────────────────┼──────────────┼─────────────┼──────────┤',
    '│ p         │     4 │           999.8 │       98,457 │    187.5 ms │     1.25 │',
    '└───────────┴───────┴─────────────────┴──────────────┴─────────────┴──────────┘',
  ])
})
