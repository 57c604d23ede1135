import * as z from 'zod'

/** Where a function begins that has no position yet. */
export type Start =
  | { readonly kind: 'all' }
  | { readonly kind: 'new' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'sequence'; readonly sequence: number }

export const Start = z.string().transform((text, ctx): Start => {
  if (text === 'all' || text === 'new') return { kind: text }
  const [, kind, value] = /^(time|sequence):(.+)$/.exec(text) ?? []
  const ms = Date.parse(value ?? '')
  if (kind === 'time' && ms >= 0) return { kind, ms }
  if (kind === 'sequence' && /^[1-9]\d{0,11}$/.test(value!)) return { kind, sequence: Number(value) }
  ctx.addIssue({ code: 'custom', message: 'expected all, new, time:<ISO 8601> or sequence:<1 or more>' })
  return z.NEVER
})
