import type { FoundLetter } from '../../../shared/contract/found-letter.ts'

/** A moment as people and scripts read it. */
export const timeText = (ms: number): string => new Date(ms).toISOString()

/** A body as text; undefined where it is none that a terminal should show. */
export function bodyText(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal must not be sent
    return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** A letter for scripts: times in ISO 8601, what the letter does not say as null; its body not included. */
export function toJson({ body, writtenMs, timeMs, headers, ...rest }: FoundLetter) {
  const told = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value ?? null]))
  return { ...told, writtenAt: timeText(writtenMs), messageAt: timeMs === undefined ? null : timeText(timeMs), headers: headers ?? null }
}
