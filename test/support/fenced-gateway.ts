import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BatchHead } from '../../shared/contract/batch.ts'
import { type Batch, lineOf, parseBatch } from '../../shared/contract/framing.ts'
import { symbolOf } from '../../shared/contract/subjects.ts'
import { fence, type Position } from '../../shared/domain/position.ts'
import { slotOf } from '../../shared/domain/slot.ts'
import { versionOf } from '../../shared/domain/version.ts'

type Applied = { readonly version: number; readonly text: string }
type Slot = { readonly position: Position; readonly applied: readonly Applied[] }

/**
 * A gateway with one positioned function behind it, in this process: positions and effects of all slots change together, as DESIGN 4 asks.
 * Tests change what it lists, answers and remembers.
 */
export class FencedGateway {
  /** Of the function; undefined while it is not deployed. */
  annotations: Record<string, string> | undefined = {}
  /** Answers in the function's stead, before anything is applied; undefined lets the batch through. */
  answer: (batch: Batch) => { status: number; headers?: Record<string, string>; body?: string } | undefined = () => undefined
  /** What the function has stored. */
  slots = new Map<number, Slot>()
  /** Heads of all batches that came, in order. */
  readonly heads: BatchHead[] = []
  /** The header `traceparent` of each of them. */
  readonly traceparents: string[] = []
  conflicts = 0
  readonly #count: number
  readonly #server: Server

  constructor(slots: number) {
    this.#count = slots
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

  /** All that was applied, slot by slot in the order it was. */
  get applied(): Applied[] {
    return [...this.slots.values()].flatMap(({ applied }) => applied)
  }

  /** What was applied, in the order of the stream. */
  get texts(): string[] {
    return this.applied.sort((a, b) => a.version - b.version).map(({ text }) => text)
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    const listed = this.annotations ? [{ name: 'f', annotations: this.annotations }] : []
    if (req.url === '/system/functions') return void res.end(JSON.stringify(listed))
    if (!this.annotations) return void res.writeHead(404).end('error finding function f')
    if (req.url!.startsWith('/function/f/positions')) {
      const all = Array.from({ length: this.#count }, (_, slot) => [slot, this.slots.get(slot)?.position ?? null])
      return void res.end(JSON.stringify({ positions: Object.fromEntries(all) }))
    }
    const batch = parseBatch(Buffer.concat(chunks))
    this.heads.push(batch.head)
    this.traceparents.push(String(req.headers.traceparent))
    const own = this.answer(batch)
    if (own) return void res.writeHead(own.status, own.headers).end(own.body)
    this.#apply(batch, res)
  }

  #apply(batch: Batch, res: ServerResponse): void {
    const { head } = batch
    const position = { version: versionOf(head.epoch, head.last), ns: head.lastNs }
    const stored = head.slots.map(([slot]) => this.slots.get(slot)?.position ?? null)
    const after = head.slots.map(([, before]) => before)
    const begin = head.slots.map(([, , flag]) => flag === 1)
    const verdict = fence(stored, after, begin, position)
    if (verdict === 'conflict') {
      this.conflicts++
      const positions = Object.fromEntries(head.slots.map(([slot]) => [slot, this.slots.get(slot)?.position ?? null]))
      res.writeHead(409).end(JSON.stringify({ code: 'ERR_POSITION', positions }))
      return
    }
    if (verdict === 'apply') {
      const fresh = new Map<number, Applied[]>()
      for (let i = 0; i < head.count; i++) {
        const slot = slotOf(symbolOf(head.subjects[batch.subject[i]!]!), this.#count)
        const one = { version: versionOf(head.epoch, batch.seqs[i]!), text: Buffer.from(lineOf(batch, i)).toString() }
        if (!fresh.get(slot)?.push(one)) fresh.set(slot, [one])
      }
      for (const [slot] of head.slots) {
        const applied = [...(this.slots.get(slot)?.applied ?? []), ...(fresh.get(slot) ?? [])]
        this.slots.set(slot, { position, applied })
      }
    }
    res.end(JSON.stringify({ ok: true, applied: head.count, repeat: verdict === 'repeat', rejected: 0 }))
  }
}
