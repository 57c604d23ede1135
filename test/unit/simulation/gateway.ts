import type { Positions } from '../../../shared/contract/batch.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'
import type { Invoke } from '../../../triggers/invoke.ts'
import type { Answer } from '../../../triggers/outcome.ts'
import type { Replica } from './replica.ts'
import type { Process } from './wire.ts'

/** A call from a trigger to the function. It may be delivered more than once, and after its caller has given up. */
export type Flight = {
  readonly id: number
  readonly caller: Process
  /** The batch, or undefined where positions are asked for. */
  readonly body: Uint8Array | undefined
  readonly hear: (answer: Answer) => void
  /** The replica that works on it. */
  at: Replica | undefined
  answer: Answer | undefined
  isGivenUp: boolean
}

export const noAnswer: Answer = { status: 0, headers: {}, body: 'ECONNRESET' }
const badGateway: Answer = { status: 502, headers: {}, body: 'upstream died' }
const away: Answer = { status: 503, headers: { 'retry-after': '0' }, body: '{"code":"ERR_UNAVAILABLE"}' }

/** The network between triggers and replicas. What becomes of a call is for the scheduler to say. */
export class Gateway {
  readonly flights: Flight[] = []
  #ids = 0

  /** The gateway as a trigger calls it. */
  port(caller: Process): Invoke {
    return {
      batch: (_name, _lane, { head, lines }) =>
        new Promise((hear) => this.#send(caller, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), lines]), hear)),
      positions: async (name) => {
        const { status, body } = await new Promise<Answer>((hear) => this.#send(caller, undefined, hear))
        if (status !== 200) throw new RetryableError('ERR_UNAVAILABLE', `${name} does not tell its positions: ${status}`)
        return (JSON.parse(body) as { positions: Positions }).positions
      },
    }
  }

  /** Those that can move: not delivered yet, or answered. */
  movable(): Flight[] {
    return this.flights.filter(({ at, answer, caller }) => (at === undefined || answer !== undefined) && !(answer && caller.isPaused))
  }

  deliver(flight: Flight, replica: Replica | undefined, body = flight.body): void {
    flight.at = replica
    if (!replica) flight.answer = away
    else
      replica.serve(body).then(
        (answer) => {
          if (flight.at === replica) flight.answer = answer
        },
        () => {},
      )
  }

  /** The caller hears the answer, if it still listens. */
  answer(flight: Flight, answer: Answer): void {
    this.flights.splice(this.flights.indexOf(flight), 1)
    if (flight.caller.isAlive && !flight.isGivenUp) flight.hear(answer)
  }

  /** The caller hears that nothing came; the call may be delivered later all the same. */
  giveUp(flight: Flight): void {
    flight.isGivenUp = true
    flight.hear(noAnswer)
  }

  /** What a replica was working on when it died. */
  replicaDied(replica: Replica): void {
    for (const flight of this.flights) if (flight.at === replica && !flight.answer) flight.answer = badGateway
  }

  #send(caller: Process, body: Uint8Array | undefined, hear: (answer: Answer) => void): void {
    if (!caller.isAlive) return
    this.flights.push({ id: ++this.#ids, caller, body, hear, at: undefined, answer: undefined, isGivenUp: false })
  }
}
