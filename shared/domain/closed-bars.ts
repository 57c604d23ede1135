import { Bar, INTERVALS } from '../contract/bar.ts'
import { symbolOf } from '../contract/subjects.ts'
import { type Input, messagesOf, type Refusal } from './messages.ts'

/** The tables' timestamps end with the year 9999; what lies beyond is answered like an outage and would block all that follows. */
const END_OF_TIME = Date.UTC(10_000, 0, 1)

const bars = messagesOf(Bar, { code: 'BAD_BAR', check: faultOf })

/** The closed bars of a batch, and the messages that are none. A forming bar is neither: it is passed over. */
export const closedBars: Input<Bar> = {
  read(batch) {
    const { items, rejects } = bars.read(batch)
    return { items: items.map(({ value }) => value).filter(({ closed }) => closed), rejects }
  },
}

function faultOf({ timestamp, interval, symbol }: Bar, subject: string): Refusal | undefined {
  if (timestamp % INTERVALS[interval] !== 0) return { code: 'BAD_BAR', error: `timestamp ${timestamp} is no start of a ${interval} bar` }
  if (timestamp >= END_OF_TIME) return { code: 'BAD_BAR', error: `timestamp ${timestamp} is beyond the year 9999` }
  if (!subject.startsWith(`ohlcv.${interval}.`) || symbolOf(subject) !== symbol)
    return { code: 'SUBJECT_MISMATCH', error: `a ${interval} bar of ${symbol}` }
  return undefined
}
