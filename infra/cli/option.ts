import { Problem } from '../stack/problem.ts'

/** Reads an option that counts something. @throws {Problem} naming it, unless it is a whole number from 0 on. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Problem(`${option} is a whole number, not ${text}`)
  return Number(text)
}

/** Collects an option that may be given several times. */
export const several = (value: string, before: string[] = []): string[] => [...before, value]
