import type * as z from 'zod'
import { TerminalError } from './errors.ts'

/** What somebody asks for, by its schema. @throws {TerminalError} ERR_REQUEST that names each field that is wrong. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new TerminalError('ERR_REQUEST', result.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '))
}
