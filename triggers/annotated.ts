import { type Schedule, scheduleOf } from './cron/schedule.ts'
import { type Trigger, triggerOf } from './trigger.ts'

/** What a function's annotations say of triggers, and what is wrong with them. */
export type Annotated = {
  readonly trigger: Trigger | undefined
  readonly schedule: Schedule | undefined
  readonly problem: string | undefined
}

/** Reads a function's annotations; never throws. */
export function readAnnotated(name: string, annotations: Readonly<Record<string, string>>): Annotated {
  const problems: string[] = []
  const read = <T>(of: (name: string, annotations: Readonly<Record<string, string>>) => T): T | undefined => {
    try {
      return of(name, annotations)
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  const [trigger, schedule] = [read(triggerOf), read(scheduleOf)]
  return { trigger, schedule, problem: problems.length > 0 ? problems.join('\n') : undefined }
}
