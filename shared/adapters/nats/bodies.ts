import { bodyPartSubject, type Parts } from '../../contract/async.ts'
import { STREAMS } from '../../contract/streams.ts'
import type { Publisher } from '../../ports/publisher.ts'
import { TerminalError } from '../../runtime/errors.ts'
import type { Nats } from './connect.ts'
import { natsManager } from './manager.ts'

/** A body that was read to its end: small enough to go into a message, or in parts. */
export type KeptBody = { readonly body: Uint8Array } | { readonly parts: Parts }

/** Bodies of any size on their way through messages that have a most. Every call fails at once while the server is away. */
export type Bodies = {
  /**
   * Reads a body; what is beyond `inlineBytes` goes into parts as it comes, each acknowledged, so no more than a part is held. A body that breaks off
   * leaves nothing behind.
   * @throws {TerminalError} ERR_TOO_LARGE beyond `mostBytes`.
   */
  keep(source: AsyncIterable<Uint8Array>, limits: { readonly inlineBytes: number; readonly mostBytes: number }): Promise<KeptBody>
  /** @throws {TerminalError} ERR_NOT_FOUND when a part is gone. */
  read(parts: Parts): AsyncGenerator<Uint8Array>
  drop(parts: Pick<Parts, 'id'>): Promise<void>
  /** The most that a message may hold, headers included. */
  messageBytes(): Promise<number>
}

const STREAM = STREAMS.ASYNC_BODIES.name
const API_TIMEOUT_MS = 5000
const PART_BYTES = 512 * 1024
/** What a part's subject and the protocol's own need. */
const MARGIN_BYTES = 1024

export function natsBodies(nats: Nats, publisher: Publisher): Bodies {
  const ask = natsManager(nats, API_TIMEOUT_MS)
  const drop = ({ id }: Pick<Parts, 'id'>) =>
    ask(async ({ streams }) => void (await streams.purge(STREAM, { filter: bodyPartSubject(id, '>') })))
  const messageBytes = () => ask(async () => (await nats.connection).info!.max_payload)
  return {
    messageBytes,
    drop,
    async keep(source, { inlineBytes, mostBytes }) {
      const partBytes = Math.min(PART_BYTES, (await messageBytes()) - MARGIN_BYTES)
      const id = crypto.randomUUID()
      let held: Uint8Array[] = []
      let heldBytes = 0
      let sizeBytes = 0
      let count = 0
      const flush = async (payload: Uint8Array) => publisher.publishAll([{ subject: bodyPartSubject(id, count++), payload }])
      try {
        for await (const chunk of source) {
          held.push(chunk)
          heldBytes += chunk.length
          sizeBytes += chunk.length
          if (sizeBytes > mostBytes) throw new TerminalError('ERR_TOO_LARGE', `the body is larger than ${mostBytes} bytes`)
          if (heldBytes < partBytes || sizeBytes <= inlineBytes) continue
          const all = Buffer.concat(held)
          let at = 0
          for (; all.length - at >= partBytes; at += partBytes) await flush(all.subarray(at, at + partBytes))
          held = [all.subarray(at)]
          heldBytes = all.length - at
        }
        if (sizeBytes <= inlineBytes) return { body: Buffer.concat(held) }
        const rest = Buffer.concat(held)
        for (let at = 0; at < rest.length; at += partBytes) await flush(rest.subarray(at, at + partBytes))
        return { parts: { id, count, sizeBytes } }
      } catch (error) {
        // What cannot be dropped now is dropped by its age.
        if (count > 0) await drop({ id }).catch(() => {})
        throw error
      }
    },
    async *read({ id, count }) {
      for (let part = 0; part < count; part++) {
        const found = await ask(({ direct }) => direct.getMessage(STREAM, { last_by_subj: bodyPartSubject(id, part) }))
        if (!found) throw new TerminalError('ERR_NOT_FOUND', `part ${part} of ${count} of the body is gone`)
        yield found.data
      }
    },
  }
}
