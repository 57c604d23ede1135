import type { Row } from '../report.ts'
import { send } from './latency.ts'
import type { Rig } from './rig.ts'

const STEADY_S = 15
const AWAY_S = 10

/** How fast messages come again after their function was away for a while, beside how fast it took them before; both in the fullest second. */
export async function storm(rig: Rig, say: (line: string) => void): Promise<Row[]> {
  await rig.deploy({ 'trigger.batch': '100' })
  await rig.trigger.start()
  await send(rig, STEADY_S)
  const before = await rig.arrivals()
  await rig.away(AWAY_S * 1000)
  await send(rig, AWAY_S + STEADY_S)
  const after = await rig.arrivals()
  await rig.trigger.stop()
  const steady = Math.max(...before.first)
  const again = Math.max(0, ...after.again)
  say(`  steady ${steady} messages/s, at most ${again} messages/s again after ${AWAY_S} s away`)
  return [
    { what: 'storm: messages the function took in the fullest second before', unit: 'messages/s', median: steady, runs: [steady] },
    {
      what: `storm: messages that came again in the fullest second after ${AWAY_S} s away`,
      unit: 'messages/s',
      median: again,
      runs: [again],
    },
  ]
}
