import { openSync, writeSync } from 'node:fs'
import { defineAcked, oneByOne } from '../../../shared/runtime/acked.ts'
import { TerminalError } from '../../../shared/runtime/errors.ts'
import { serve } from '../../../shared/runtime/serve.ts'
import { FLAKY, POISON } from './messages.ts'

/** Writes down what it takes, a line each: what is written outlives any kill of the process. Some it refuses for good, some until they come a third time. */
const taken = openSync(process.env.TAKEN_FILE!, 'a')
const text = new TextDecoder()

const taker = defineAcked({
  name: 'taker',
  read: (body) => text.decode(body),
  handle: oneByOne(async ({ value, sequence, subject, attempt }) => {
    if (value === POISON) throw new TerminalError('BAD_MESSAGE', 'poison')
    if (value === FLAKY && attempt < 3) throw new Error('not yet')
    writeSync(taken, `${sequence} ${subject}\n`)
  }),
})

serve(taker, [])
