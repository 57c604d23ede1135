import { afterEach, expect, test, vi } from 'vitest'
import { BrokerClock } from '../../../../triggers/cron/broker-clock.ts'

const HOUR_MS = 3_600_000
const BROKER_MS = Date.UTC(2026, 0, 31, 12)

afterEach(() => {
  vi.restoreAllMocks()
})

/** A process whose machine's clock is off, on a broker that is asked. */
function setUp(offMs: number) {
  let passedMs = 0
  let isAway = false
  let asked = 0
  vi.spyOn(performance, 'now').mockImplementation(() => 5000 + passedMs)
  const said: string[] = []
  const ahead: number[] = []
  const note = (_: unknown, text?: string) => void said.push(text ?? '')
  const clock = new BrokerClock({
    async ask() {
      asked++
      if (isAway) throw new Error('away')
      return BROKER_MS + passedMs
    },
    own: () => BROKER_MS + passedMs + offMs,
    onAhead: (seconds) => ahead.push(seconds),
    log: { debug: note, info: note, warn: note, error: note },
  })
  return {
    clock,
    said,
    ahead,
    asked: () => asked,
    pass: (ms: number) => {
      passedMs += ms
    },
    correct: () => {
      offMs = 0
    },
    leave: () => {
      isAway = true
    },
  }
}

test.each([0, -2 * HOUR_MS, 2 * HOUR_MS])('a machine %i ms ahead goes by the broker', async (offMs) => {
  const { clock, pass, asked } = setUp(offMs)
  await Promise.all([clock.sync(), clock.sync()])
  expect(clock.now()).toBe(BROKER_MS)
  pass(900)
  await clock.sync()
  expect([clock.now(), asked()]).toEqual([BROKER_MS + 900, 1])
  pass(200)
  await clock.sync()
  expect([clock.now(), asked()]).toEqual([BROKER_MS + 1100, 2])
})

test('a machine that is off by seconds is told of once, and once when it is right again', async () => {
  const { clock, said, ahead, pass, correct } = setUp(HOUR_MS)
  for (let i = 0; i < 3; i++) {
    await clock.sync()
    pass(1000)
    if (i === 1) correct()
  }
  expect(ahead).toEqual([3600, 3600, 0])
  expect(said).toEqual(["this machine's clock is not the broker's: schedules go by the broker's", "this machine's clock is right again"])
})

test('who has not heard the time decides nothing', async () => {
  const { clock, leave } = setUp(0)
  leave()
  await expect(clock.sync()).rejects.toThrow('away')
  expect(clock.now()).toBeNaN()
})
