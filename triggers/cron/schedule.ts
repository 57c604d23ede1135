import * as z from 'zod'
import { PREFIX, readAnnotations } from '../annotation.ts'
import { instantsOf } from './instants.ts'

const Annotations = z
  .strictObject({
    /** Cron expression: five fields, or six with seconds before them. */
    schedule: z.string().trim().min(1),
    /** The clock that it goes by, as IANA names it. */
    'time-zone': z.string().refine(isTimeZone, 'no time zone such as Europe/Berlin').default('UTC'),
    /** What becomes of instants that passed while no trigger process was there: none is called, one for all of them, or each. */
    missed: z.enum(['skip', 'once', 'all']).default('once'),
    /** What becomes of an instant whose time comes while a call for an earlier one is under way. */
    overlap: z.enum(['skip', 'allow', 'wait']).default('skip'),
    /** The path that is called, for a function that a stream triggers too. */
    path: z
      .string()
      .regex(/^(\/[-\w.~]*)+$/, 'expected a path such as /daily')
      .default('/'),
  })
  .superRefine(({ schedule, 'time-zone': timeZone }, ctx) => {
    const message = faultOf(schedule, timeZone)
    if (message !== undefined) ctx.addIssue({ code: 'custom', path: ['schedule'], message })
  })

/** What is wrong with an expression, if anything: asked each second for each function, and slow to answer where it never comes. */
function faultOf(expression: string, timeZone: string): string | undefined {
  const key = `${expression} ${timeZone}`
  if (!known.has(key)) {
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, lookedFor(expression, timeZone))
  }
  return known.get(key)
}

const MOST_KNOWN = 100
const known = new Map<string, string | undefined>()

function lookedFor(expression: string, timeZone: string): string | undefined {
  try {
    // Expressions name no year: what never comes from here on never comes.
    return instantsOf(expression, timeZone).next(0) === undefined ? 'never comes' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isTimeZone(name: string): boolean {
  try {
    // An offset such as +01:00 would be taken as well: it has no summer, and a schedule by it is better written in UTC.
    return /^[A-Z]/i.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const KEYS = new Set(Object.keys(Annotations.shape).map((key) => PREFIX + key))

/** When a function runs by the clock, as its annotations say it. */
export type Schedule = {
  readonly functionName: string
  readonly expression: string
  readonly timeZone: string
  readonly missed: 'skip' | 'once' | 'all'
  readonly overlap: 'skip' | 'allow' | 'wait'
  readonly path: string
}

/** Whether an annotation belongs to a schedule; others that begin with `trigger.` belong to a stream. */
export const isOfSchedule = (key: string): boolean => KEYS.has(key)

/**
 * Reads the schedule out of a function's annotations; undefined where it has none.
 * @throws {TerminalError} ERR_CONFIG, naming every key that is missing or wrong.
 */
export function scheduleOf(functionName: string, annotations: Readonly<Record<string, string>>): Schedule | undefined {
  const own = Object.entries(annotations).filter(([key]) => isOfSchedule(key))
  if (own.length === 0) return undefined
  const { schedule: expression, 'time-zone': timeZone, missed, overlap, path } = readAnnotations(functionName, Annotations, own)
  return { functionName, expression, timeZone, missed, overlap, path }
}
