import * as z from 'zod'
import { TerminalError } from '../shared/runtime/errors.ts'

const PREFIX = 'trigger.'

const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'not a whole number').transform(Number).pipe(z.int().min(least).max(most))

/** Where a function begins that has no position yet. */
export type Start =
  | { readonly kind: 'all' }
  | { readonly kind: 'new' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'sequence'; readonly sequence: number }

const Start = z.string().transform((text, ctx): Start => {
  if (text === 'all' || text === 'new') return { kind: text }
  const [, kind, value] = /^(time|sequence):(.+)$/.exec(text) ?? []
  const ms = Date.parse(value ?? '')
  if (kind === 'time' && ms >= 0) return { kind, ms }
  if (kind === 'sequence' && /^[1-9]\d{0,11}$/.test(value!)) return { kind, sequence: Number(value) }
  ctx.addIssue({ code: 'custom', message: 'expected all, new, time:<ISO 8601> or sequence:<1 or more>' })
  return z.NEVER
})

const Delivery = z.string().transform((text, ctx) => {
  if (text === 'positioned') return text
  const message = text === 'acked' ? 'acked delivery is not built yet: use positioned' : 'expected positioned'
  ctx.addIssue({ code: 'custom', message })
  return z.NEVER
})

/** The annotations of a function that has a trigger, without their prefix. */
const Annotations = z.strictObject({
  /** The stream to read. */
  stream: z.string().regex(/^[A-Za-z0-9_-]+$/),
  /** Subjects to read, separated by commas or blanks; without it the whole stream. A filter costs the server more than it saves here. */
  subjects: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((subject) => subject !== ''))
    .default([]),
  delivery: Delivery,
  /** Calls that may run side by side: each has slots of its own. */
  readers: whole(1, 64).default(1),
  /** Most messages a call. */
  batch: whole(1, 50_000).default(1000),
  /** Most bytes of messages a call. */
  'max-bytes': whole(1024, 16 * 1024 * 1024).default(1024 * 1024),
  /** How long a message may wait for others; 0 sends as soon as the call before is over. */
  'wait-ms': whole(0, 60_000).default(0),
  start: Start.default({ kind: 'all' }),
  /** Whether the function is told each second that nothing is left to read. */
  quiet: z.enum(['true', 'false']).default('true'),
})

/** What makes a function run, as its annotations say it. */
export type Trigger = {
  readonly functionName: string
  readonly stream: string
  readonly subjects: readonly string[]
  readonly readers: number
  readonly batch: number
  readonly maxBytes: number
  readonly waitMs: number
  readonly start: Start
  readonly quiet: boolean
}

/**
 * Reads the trigger out of a function's annotations; undefined where it has none. Annotations of other prefixes are not ours.
 * @throws {TerminalError} ERR_CONFIG, naming every key that is unknown, missing or wrong.
 */
export function triggerOf(functionName: string, annotations: Readonly<Record<string, string>>): Trigger | undefined {
  const own = Object.entries(annotations).filter(([key]) => key.startsWith(PREFIX))
  if (own.length === 0) return undefined
  const read = Annotations.safeParse(Object.fromEntries(own.map(([key, value]) => [key.slice(PREFIX.length), value])))
  if (!read.success) throw new TerminalError('ERR_CONFIG', `annotations ${PREFIX}* of ${functionName}: ${z.prettifyError(read.error)}`)
  const { stream, subjects, readers, batch, start, quiet, 'max-bytes': maxBytes, 'wait-ms': waitMs } = read.data
  return { functionName, stream, subjects, readers, batch, maxBytes, waitMs, start, quiet: quiet === 'true' }
}
