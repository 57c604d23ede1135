import { traceparentIn, traceparentOf } from '../../shared/contract/traceparent.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { newTraceparent } from '../../shared/runtime/trace.ts'
import { headerBlock } from '../header-block.ts'
import type { Post } from '../invoke.ts'
import type { AckedMetrics } from '../metrics.ts'
import { backoffMs } from '../positioned/backoff.ts'
import type { AckedTrigger } from '../trigger.ts'
import { connectorHeaders } from './connector.ts'
import type { Content } from './content.ts'
import { letterOf } from './dead-letter.ts'
import type { Desk } from './desk.ts'
import { frame } from './frame.ts'
import { outcomeOf } from './outcome.ts'
import type { Call, Dead, Outcome } from './step.ts'
import type { Word } from './words.ts'

type Options = {
  readonly trigger: AckedTrigger
  readonly desk: Desk<Content>
  readonly invoke: Post
  readonly publisher: Publisher
  readonly metrics: AckedMetrics
  readonly log: Log
  /** The broker's clock, ms. */
  readonly brokerMs: () => number
  /** Whether calls may begin: not while another process may be delivering in this one's stead. */
  readonly mayCall: () => boolean
  readonly say: (word: Word, contents: readonly Content[]) => void
  /** There may be room for more messages. */
  readonly onRoom: () => void
}

const ASK_AGAIN_MS = 100
const MOST_PAUSE_MS = 1000
/** Answers wait so long for others: said one by one they would cost the server more than the messages did. */
const SAY_MS = 2

/** Does what the desk says, with the real clock, network and chance. */
export class Driver {
  readonly #options: Options
  readonly #working = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #saying: NodeJS.Timeout | undefined
  #stopped = false
  #lastMs = 0
  /** Why the last call came to nothing, as told in the log. */
  #told: string | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Asks the desk what to do until there is nothing to do now. */
  pump(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    const { desk, mayCall, brokerMs, trigger } = this.#options
    const nowMs = performance.now()
    // A process that was suspended may have lost to others what it holds.
    if (nowMs - this.#lastMs > trigger.ackWaitMs / 2) desk.lapse(nowMs)
    this.#lastMs = nowMs
    if (!mayCall()) {
      this.#timer = setTimeout(() => this.pump(), ASK_AGAIN_MS)
      return
    }
    for (;;) {
      const step = desk.next(nowMs, brokerMs())
      if (step.kind === 'call') this.#begin(this.#call(step.call))
      else if (step.kind === 'bury') this.#begin(this.#bury(step.dead))
      else {
        if (step.kind === 'wait') this.#timer = setTimeout(() => this.pump(), Math.ceil(step.ms))
        break
      }
    }
    this.#saySoon()
  }

  /** Begins nothing more; gives back what is not in flight, and resolves when all else is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#options.desk.release(performance.now())
    this.#say()
    await Promise.all(this.#working)
    this.#options.desk.release(performance.now())
    this.#say()
  }

  #begin(work: Promise<void>): void {
    const done = work.then(() => {
      this.#working.delete(done)
      this.pump()
      this.#options.onRoom()
      this.#saySoon()
    })
    this.#working.add(done)
  }

  /** Answers of calls that end at about one time go out together. */
  #saySoon(): void {
    this.#saying ??= setTimeout(() => this.#say(), SAY_MS)
  }

  #say(): void {
    clearTimeout(this.#saying)
    this.#saying = undefined
    const byWord = Map.groupBy(this.#options.desk.answers(), ({ word }) => word)
    for (const [word, answers] of byWord) this.#options.say(word, answers.map(({ content }) => content)) // biome-ignore format: one call
  }

  async #call(call: Call<Content>): Promise<void> {
    const { desk, invoke, metrics, trigger } = this.#options
    const { functionName, form, timeoutMs } = trigger
    const { headers, body, traceparent } = this.#request(call)
    for (const { content } of call.messages) content.traceparent = traceparent
    const started = performance.now()
    metrics.started()
    const answer = await invoke.post(functionName, headers, body, timeoutMs)
    const ended = performance.now()
    const outcome = outcomeOf(answer, call.messages.length, form)
    const settled = desk.settle(call, outcome, ended, Math.random())
    metrics.ended(call, outcome, settled, (ended - started) / 1000)
    this.#tell(call, outcome, traceparent)
  }

  #request({ messages }: Call<Content>) {
    const { functionName, stream, form } = this.#options.trigger
    const first = messages[0]!
    if (form === 'message') {
      const { bytes, payloadStart, payloadEnd } = first.content
      const traceparent = traceparentIn(headerBlock(first.content)) ?? newTraceparent()
      const headers = { ...connectorHeaders(functionName, stream, first), traceparent }
      return { headers, body: [bytes.subarray(payloadStart, payloadEnd)], traceparent }
    }
    const { head, body } = frame(stream, messages)
    const traceparent = traceparentOf({ headers: head.headers }) ?? newTraceparent()
    return { headers: { traceparent, 'content-type': 'application/x-ndjson' }, body, traceparent }
  }

  #tell({ messages }: Call<Content>, outcome: Outcome, traceparent: string): void {
    const { log, trigger } = this.#options
    const told = this.#told
    this.#told = outcome.kind === 'away' ? outcome.cause : undefined
    // What is away is asked several times a second.
    if (outcome.kind === 'done' || (told !== undefined && told === this.#told)) return
    const cause =
      outcome.kind === 'partly' ? { failures: outcome.failures.slice(0, 5), failed: outcome.failures.length } : { cause: outcome.cause }
    const sequence = messages[0]!.sequence
    log.warn({ function: trigger.functionName, traceparent, sequence, count: messages.length, ...cause }, outcome.kind)
  }

  async #bury(dead: readonly Dead<Content>[]): Promise<void> {
    const { desk, publisher, log, trigger, metrics } = this.#options
    const { functionName, stream } = trigger
    const letters = dead.map((one) => letterOf(functionName, stream, one))
    for (let tries = 0; !this.#stopped; tries++) {
      try {
        await publisher.publishAll(letters)
        const { message, code, error } = dead[0]!
        log.error(
          { function: functionName, count: dead.length, sequence: message.sequence, code, error },
          'messages went to the dead letters',
        )
        for (const one of dead) metrics.buried(one)
        return desk.buried(performance.now())
      } catch (error) {
        if (!(error instanceof RetryableError)) log.warn({ err: error }, 'the dead letters do not take a message')
        await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, Math.random(), MOST_PAUSE_MS)))
      }
    }
  }
}
