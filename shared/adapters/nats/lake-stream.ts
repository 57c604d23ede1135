import { beginKey, epochKey } from '../../contract/control-keys.ts'
import { versionOf } from '../../domain/version.ts'
import type { LakeStream, StreamFacts } from '../../ports/lake-stream.ts'
import type { Nats } from './connect.ts'
import { natsControl } from './control.ts'
import { natsDeadLetters } from './dead-letters.ts'
import { natsStream } from './stream.ts'

type Epochs = { readonly entries: StreamFacts['epochs'] }

/** A stream and what is written down of it: where its epochs and a function's reading began, and what that function refused. */
export function natsLakeStream(nats: Nats, streamName: string, functionName: string): LakeStream {
  const stream = natsStream(nats, streamName)
  const control = natsControl(nats)
  return {
    async facts() {
      const [epochs, begin, state] = await Promise.all([
        control.get<Epochs>(epochKey(streamName)),
        control.get<{ readonly seq: number }>(beginKey(functionName, streamName)),
        stream.state(),
      ])
      const { first, last, nowMs } = state
      return { first, last, nowMs, epochs: epochs?.value.entries ?? [{ epoch: 1, from: 1 }], begin: begin?.value.seq }
    },
    async timeOf(sequence) {
      const message = await stream.message(sequence)
      return message && Number(BigInt(message.ns) / 1_000_000n)
    },
    refused: () =>
      nats.during(async (connection) => {
        const letters = natsDeadLetters(connection)
        const versions = new Set<number>()
        for await (const page of letters.read({ functions: [functionName], sinceMs: undefined, bodies: false }))
          for (const { msgId, stream: of } of page) {
            const version = Number(/:(\d+)(?:\.\d+)?$/.exec(msgId ?? '')?.[1] ?? Number.NaN)
            if (of === streamName && version >= versionOf(1, 0)) versions.add(version)
          }
        return { versions, isComplete: !(await letters.state()).hasRemoved }
      }),
  }
}
