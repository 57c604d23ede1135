import type { Message } from './throughput.ts'
import type { TickTape } from './ticks.ts'

/**
 * The ticks of a tape under another exchange, so that the same prices can be sent again as new trades.
 * @param most - how many ticks at most.
 */
export function* exchangeTape(tape: TickTape, exchange: string, ticksPerMessage: number, most = tape.length): Generator<Message> {
  const subjects = new Map(tape.subjects.map((subject) => [subject, subject.replace(/^ticks\.[^.]+/, `ticks.${exchange}`)]))
  for (const { subject, text } of tape.messages(ticksPerMessage, Math.min(most, tape.length)))
    yield { subject: subjects.get(subject)!, text: text.replaceAll(/"exchange":"\w+"/g, `"exchange":"${exchange}"`) }
}
