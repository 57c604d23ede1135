import * as z from 'zod'
import { TerminalError } from './errors.ts'

/**
 * Reads the settings a process needs from its environment, once, at start. Each adapter owns a fragment; the field's name is the variable's name.
 * @throws {TerminalError} ERR_CONFIG, naming every problem at once.
 */
export function loadConfig<T extends z.ZodRawShape>(shape: T, env: NodeJS.ProcessEnv = process.env) {
  const parsed = z.object(shape).safeParse(env)
  if (!parsed.success) throw new TerminalError('ERR_CONFIG', z.prettifyError(parsed.error))
  return Object.freeze(parsed.data)
}

/** A setting that is a whole number above zero. */
export const whole = (fallback: number) => z.coerce.number().int().positive().default(fallback)
