import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AckedHead, parseAcked } from '../../shared/contract/acked.ts'

/** A message as the function has got it. */
export type Got = { readonly text: string; readonly subject: string; readonly sequence: number; readonly attempt: number }

/** One call: `head` where it was a batch. `endedMs` is undefined while it is under way. */
export type AckedCall = {
  readonly items: readonly Got[]
  readonly headers: IncomingHttpHeaders
  readonly head: AckedHead | undefined
  readonly startedMs: number
  endedMs: number | undefined
}

type Reply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string; readonly delayMs?: number }

/** A gateway with one acked function behind it, in this process, whose deeds tests decide. */
export class AckedGateway {
  annotations: Record<string, string> = {}
  /** What the function does with a call: undefined is done; 'break' breaks the connection off. */
  answer: (call: AckedCall) => Reply | 'break' | undefined = () => undefined
  /** All calls, in the order they came. */
  readonly calls: AckedCall[] = []
  /** What was taken, in the order it was: once for every time. */
  readonly done: Got[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((req, res) => void this.#serve(req, res))
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** The different messages that were taken, in the order of the stream. */
  get texts(): string[] {
    const bySequence = new Map(this.done.map((one) => [one.sequence, one.text]))
    return [...bySequence].sort(([a], [b]) => a - b).map(([, text]) => text)
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    if (req.url === '/system/functions') return void res.end(JSON.stringify([{ name: 'f', annotations: this.annotations }]))
    const call = callOf(req, Buffer.concat(chunks))
    this.calls.push(call)
    const reply = this.answer(call)
    if (reply === 'break') return void req.socket.destroy()
    if (reply?.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs))
    call.endedMs = performance.now()
    if ((reply?.status ?? 200) === 200) {
      const failed = new Set(((reply?.body ? JSON.parse(reply.body).failed : undefined) ?? []).map(({ index }: { index: number }) => index))
      this.done.push(...call.items.filter((_, i) => !failed.has(i)))
    }
    res.writeHead(reply?.status ?? 200, reply?.headers).end(reply?.body ?? '{"ok":true}')
  }
}

function callOf({ headers }: IncomingMessage, body: Buffer): AckedCall {
  const rest = { headers, startedMs: performance.now(), endedMs: undefined }
  if (headers['content-type'] !== 'application/x-ndjson') {
    const number = (name: string) => Number(headers[name])
    const place = { sequence: number('x-nats-sequence'), attempt: number('x-nats-attempt') }
    return { ...rest, head: undefined, items: [{ ...place, text: body.toString(), subject: String(headers['x-topic']) }] }
  }
  const batch = parseAcked(body)
  const items = Array.from({ length: batch.head.count }, (_, i) => ({
    text: Buffer.from(batch.body.subarray(batch.starts[i], batch.ends[i])).toString(),
    subject: batch.head.subjects[batch.subject[i]!]!,
    sequence: batch.seqs[i]!,
    attempt: batch.attempts[i]!,
  }))
  return { ...rest, head: batch.head, items }
}
