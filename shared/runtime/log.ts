import { type Logger, pino } from 'pino'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** Fields that are never written, wherever they stand in a line's first two levels. */
const SECRET = ['authorization', 'password', 'token', 'secret', 'apiKey', 'cookie']

/** A logger of JSON lines on stdout, each naming its process; LOG_LEVEL sets the least level written (default `info`). */
export const createLog = (name: string): Logger =>
  pino({
    name,
    level: process.env.LOG_LEVEL ?? 'info',
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: SECRET.flatMap((key) => [key, `*.${key}`]),
  })
