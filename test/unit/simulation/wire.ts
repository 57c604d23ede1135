import { RetryableError } from '../../../shared/runtime/errors.ts'

/** A process as the world sees it. A dead one never hears an answer again; a paused one hears them when it wakes. */
export class Process {
  readonly name: string
  isAlive = true
  isPaused = false

  constructor(name: string) {
    this.name = name
  }
}

/** A call of a process to a server, in order with its other calls to that server: each is done at one moment and answered at another. */
export type Request = {
  readonly id: number
  readonly process: Process
  readonly server: string
  readonly what: string
  readonly effect: () => unknown
  readonly answer: (value: unknown) => void
  readonly fail: (error: unknown) => void
  /** What the effect gave, once it is done. */
  done: { readonly value: unknown } | undefined
  /** Its process was told that no answer came. */
  isGivenUp: boolean
}

const noAnswer = (what: string) => new RetryableError('ERR_UNAVAILABLE', `simulated: no answer to ${what}`)

/** All calls on their way. What becomes of each is for the scheduler to say. */
export class Wire {
  readonly #queues = new Map<string, Request[]>()
  #ids = 0

  /** Makes a call; the promise is settled by the scheduler, or never. */
  call<T>(process: Process, server: string, what: string, effect: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!process.isAlive) return
      const queue = `${process.name} ${server}`
      const request: Request = {
        id: ++this.#ids,
        process,
        server,
        what,
        effect,
        answer: resolve as (value: unknown) => void,
        fail: reject,
        done: undefined,
        isGivenUp: false,
      }
      const waiting = this.#queues.get(queue)
      if (waiting) waiting.push(request)
      else this.#queues.set(queue, [request])
    })
  }

  /** The calls that could move now, oldest first: the first of each connection, unless its answer waits for a paused process. */
  heads(): Request[] {
    return [...this.#queues.values()]
      .map((queue) => queue[0]!)
      .filter(({ done, process }) => done === undefined || !process.isPaused)
      .sort((a, b) => a.id - b.id)
  }

  /** The server does it. */
  perform(request: Request): void {
    request.done = { value: request.effect() }
    if (request.isGivenUp || !request.process.isAlive) this.#remove(request)
  }

  /** The process hears what came of it. */
  answer(request: Request): void {
    this.#remove(request)
    request.answer(request.done!.value)
  }

  /** It never reached the server, or its answer is lost: the process hears an error. */
  lose(request: Request): void {
    this.#remove(request)
    request.fail(noAnswer(request.what))
  }

  /** The process hears an error now, and the server does it all the same, later. */
  giveUp(request: Request): void {
    request.isGivenUp = true
    request.fail(noAnswer(request.what))
  }

  /** What a dead process had not sent is gone; what it had sent may still be done. @param isSent - asked for each call in order. */
  cut(process: Process, isSent: (request: Request) => boolean): void {
    for (const [name, queue] of this.#queues) {
      const kept = queue.filter((request) => request.process !== process || (request.done === undefined && isSent(request)))
      if (kept.length > 0) this.#queues.set(name, kept)
      else this.#queues.delete(name)
    }
  }

  #remove(request: Request): void {
    for (const [name, queue] of this.#queues) {
      const at = queue.indexOf(request)
      if (at < 0) continue
      queue.splice(at, 1)
      if (queue.length === 0) this.#queues.delete(name)
    }
  }
}
