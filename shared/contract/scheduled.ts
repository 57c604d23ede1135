import * as z from 'zod'

/** An instant as it stands in keys: `20260131T093000Z`. Instants are whole seconds. */
export const instantText = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`

/** What names one instant of one function, in every call for it: `nightly:20260131T093000Z`. */
export const idempotencyKey = (functionName: string, atMs: number): string => `${functionName}:${instantText(atMs)}`

/** Headers of a call that a schedule makes. `attempt` counts the calls for this instant, from 1: 2 and more may be repeats. */
export const scheduledHeaders = (functionName: string, atMs: number, attempt: number) => ({
  'X-Scheduled-Time': new Date(atMs).toISOString(),
  'Idempotency-Key': idempotencyKey(functionName, atMs),
  'X-Attempt': `${attempt}`,
})

/** The same headers as a function reads them. Of a call by hand the time is enough. */
export const ScheduledHeaders = z.object({
  'x-scheduled-time': z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  'idempotency-key': z.string().min(1).optional(),
  'x-attempt': z.coerce.number().int().min(1).default(1),
})
