import type { AckedHead } from '../../shared/contract/acked.ts'
import { toRuns, toStepRuns } from '../../shared/contract/framing.ts'
import { headerBlock } from '../header-block.ts'
import type { Content } from './content.ts'
import type { Held } from './step.ts'

const NEWLINE = 10

/** A batch as it is sent (shared/contract/acked.ts): the first line, and then the messages' own bytes. */
export function frame(stream: string, messages: readonly Held<Content>[]): { readonly head: AckedHead; readonly body: Buffer[] } {
  const sizes = messages.map(({ content }) => content.payloadEnd - content.payloadStart)
  const lines = Buffer.allocUnsafeSlow(sizes.reduce((sum, size) => sum + size + 1, 0))
  let at = 0
  let isPlain = true
  for (const { content } of messages) {
    const { bytes, payloadStart, payloadEnd } = content
    const end = at + bytes.copy(lines, at, payloadStart, payloadEnd)
    lines[end] = NEWLINE
    if (isPlain) isPlain = lines.indexOf(NEWLINE, at) === end
    at = end + 1
  }
  const [subjects, subject] = numbered(messages.map(({ content }) => content.subject))
  // A message without a key has one of its own.
  const keys = messages.some(({ key }) => key !== undefined) && numbered(messages.map(({ key, sequence }) => key ?? sequence))[1]
  const headers = headersOf(messages)
  const head: AckedHead = {
    stream,
    count: messages.length,
    seqs: toStepRuns(messages.map(({ sequence }) => sequence)),
    times: toStepRuns(messages.map(({ ms }) => ms)),
    subjects,
    subject: toRuns(subject),
    attempts: toRuns(messages.map(({ sends }) => sends)),
    ...(!isPlain && { sizes: toRuns(sizes) }),
    ...(keys && { keys: toRuns(keys) }),
    ...(headers && { headers }),
  }
  return { head, body: [Buffer.from(`${JSON.stringify(head)}\n`), lines] }
}

/** The different ones in the order they come, and which of them each is. */
function numbered<T>(all: readonly T[]): [T[], number[]] {
  const numbers = new Map<T, number>()
  const which = all.map((one) => {
    const known = numbers.get(one)
    if (known !== undefined) return known
    numbers.set(one, numbers.size)
    return numbers.size - 1
  })
  return [[...numbers.keys()], which]
}

function headersOf(messages: readonly Held<Content>[]): AckedHead['headers'] {
  const blocks: Record<string, string> = {}
  let some = false
  messages.forEach(({ content }, i) => {
    const block = headerBlock(content)
    if (block === undefined) return
    blocks[i] = block
    some = true
  })
  return some ? blocks : undefined
}
