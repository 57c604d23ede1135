import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { lettersOf, numbersOf, withDeadLetters } from './open.ts'
import { bodyText, timeText, toJson } from './text.ts'

/** Shows one letter whole; with `--body` only the refused message's bytes, as they are. */
export async function show(number: string, options: { json?: boolean; body?: boolean }): Promise<number> {
  const numbers = numbersOf([number])
  return withDeadLetters(async (letters) => {
    const [letter] = (await lettersOf(letters, numbers)) as [FoundLetter]
    if (options.body) process.stdout.write(letter.body)
    else if (options.json) console.log(JSON.stringify({ ...toJson(letter), ...jsonBody(letter) }, null, 2))
    else for (const line of linesOf(letter)) console.log(line)
    return 0
  })
}

const jsonBody = ({ body }: FoundLetter) => {
  const text = bodyText(body)
  return text === undefined ? { bodyBase64: Buffer.from(body).toString('base64') } : { body: text }
}

function linesOf(letter: FoundLetter): string[] {
  const { sequence, functionName, writtenMs, code, error, subject, stream, messageSequence, timeMs } = letter
  const { attempts, redriven, traceparent, headers, body } = letter
  const at = timeMs === undefined ? '' : ` of ${timeText(timeMs)}`
  const rows: [string, string | number | undefined][] = [
    ['code', code],
    ['error', error],
    ['subject', subject],
    ['instant', letter.instant],
    ['message', messageSequence === undefined ? undefined : `${messageSequence} in ${stream}${at}`],
    ['attempts', attempts],
    ['redriven', redriven],
    ['trace', traceparent],
  ]
  return [
    `dead letter ${sequence} of ${functionName}, written ${timeText(writtenMs)}`,
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(10)}${value}`])),
    ...(headers ?? []).map(([name, value], i) => `  ${(i === 0 ? 'headers' : '').padEnd(10)}${name}: ${value}`),
    `  body      ${body.length.toLocaleString('en')} bytes`,
    bodyText(body) ?? '(no text: --body writes the bytes)',
  ]
}
