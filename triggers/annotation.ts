import * as z from 'zod'
import { TerminalError } from '../shared/runtime/errors.ts'

/** A whole number between these. */
export const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'not a whole number').transform(Number).pipe(z.int().min(least).max(most))

/** Subjects, separated by commas or blanks. */
export const subjects = z.string().transform((text) => text.split(/[\s,]+/).filter((subject) => subject !== ''))

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A span of time such as `500ms`, `90s`, `15m`, `1h`, `7d`; given in ms. */
export const duration = z.string().transform((text, ctx): number => {
  const [, count, unit] = /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * UNITS[unit as keyof typeof UNITS]
  ctx.addIssue({ code: 'custom', message: 'expected a span of time such as 500ms, 90s, 15m, 1h, 7d' })
  return z.NEVER
})

/** What makes the key of a message: those of one key keep their order. */
export type Order =
  | { readonly kind: 'none' }
  | { readonly kind: 'subject' }
  /** The n-th token of the subject, from 1. */
  | { readonly kind: 'token'; readonly number: number }
  | { readonly kind: 'header'; readonly name: string }

export const Order = z.string().transform((text, ctx): Order => {
  if (text === 'none' || text === 'subject') return { kind: text }
  const [, token] = /^token:([1-9]\d?)$/.exec(text) ?? []
  if (token !== undefined) return { kind: 'token', number: Number(token) }
  const [, name] = /^header:([!-9;-~]+)$/.exec(text) ?? []
  if (name !== undefined) return { kind: 'header', name }
  ctx.addIssue({ code: 'custom', message: 'expected none, subject, token:<1 or more> or header:<name>' })
  return z.NEVER
})

/** What every annotation begins with that tells a trigger something; others are not ours. */
export const PREFIX = 'trigger.'

/**
 * Reads annotations, whose prefix is taken off, by what is known of them.
 * @throws {TerminalError} ERR_CONFIG, naming every key that is missing or wrong.
 */
export function readAnnotations<T>(functionName: string, schema: z.ZodType<T>, own: readonly (readonly [string, string])[]): T {
  const result = schema.safeParse(Object.fromEntries(own.map(([key, value]) => [key.slice(PREFIX.length), value])))
  if (!result.success) throw new TerminalError('ERR_CONFIG', `annotations ${PREFIX}* of ${functionName}: ${z.prettifyError(result.error)}`)
  return result.data
}
