import { defineAcked } from '../../../shared/runtime/acked.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'
import { serve } from '../../../shared/runtime/serve.ts'

/** Takes all it is given; where a message says when it was published, notes how long it was on its way. Away for a while when told so. */
const latenciesMs: number[] = []
/** By second: messages taken, those that came for the first time and those that came again. */
const first = new Map<number, number>()
const again = new Map<number, number>()
let awayUntilMs = 0

const text = new TextDecoder()
const noOp = defineAcked({
  name: 'no-op',
  async handle(items) {
    const nowMs = performance.timeOrigin + performance.now()
    const second = Math.floor(nowMs / 1000)
    for (const { value, attempt } of items) {
      if (value[0] !== 0x40) continue
      latenciesMs.push(nowMs - Number(text.decode(value.subarray(1))))
      const counts = attempt === 1 ? first : again
      counts.set(second, (counts.get(second) ?? 0) + 1)
    }
    if (nowMs < awayUntilMs) throw new RetryableError('ERR_UNAVAILABLE', 'away')
  },
})
noOp.get('/latencies', (c) => c.json(latenciesMs.splice(0)))
noOp.get('/arrivals', (c) => {
  const counts = { first: [...first.values()], again: [...again.values()] }
  first.clear()
  again.clear()
  return c.json(counts)
})
noOp.post('/away/:ms', (c) => {
  awayUntilMs = performance.timeOrigin + performance.now() + Number(c.req.param('ms'))
  return c.body(null)
})

serve(noOp, [])
