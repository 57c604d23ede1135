import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAcked } from '../../../../shared/contract/acked.ts'
import { frame } from '../../../../triggers/acked/frame.ts'
import { held } from './content.ts'

const framed = (messages: ReturnType<typeof held>[]) => parseAcked(Buffer.concat(frame('S', messages).body))

test('what is framed is what a function reads, whatever the bytes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\r', '"', ' ') })
  const message = fc.record({ payload: text, subject: fc.constantFrom('s.a', 's.b', 's.c'), step: fc.integer({ min: 1, max: 3 }), sends: fc.integer({ min: 1, max: 3 }), key: fc.constantFrom(undefined, 'k', 'l') }) // biome-ignore format: one line
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 30 }), (given) => {
      let sequence = 0
      const messages = given.map(({ step, key, ...rest }) => {
        sequence += step
        return held({ ...rest, sequence, ms: 1000 * sequence, ...(key !== undefined && { key }) })
      })
      const batch = framed(messages)
      const read = messages.map((_, i) => ({
        payload: Buffer.from(batch.body.subarray(batch.starts[i], batch.ends[i])).toString(),
        subject: batch.head.subjects[batch.subject[i]!],
        sends: batch.attempts[i],
        sequence: batch.seqs[i],
        ms: batch.times[i],
      }))
      expect(read).toEqual(
        messages.map(({ content, sequence: seq, ms, sends }, i) => ({
          payload: given[i]!.payload,
          subject: content.subject,
          sends,
          sequence: seq,
          ms,
        })),
      )
      // Two have one number where they have one key; one without a key has its own.
      const keyed = messages.some(({ key }) => key !== undefined)
      expect(batch.keys !== undefined).toBe(keyed)
      for (const [i, { key: a }] of messages.entries())
        for (const [j, { key: b }] of messages.entries())
          if (batch.keys) expect(batch.keys[i] === batch.keys[j]).toBe(i === j || (a !== undefined && a === b))
    }),
  )
})

test('sizes go along only where a message holds a newline, headers only where they speak to a function', () => {
  expect(framed([held(), held({ sequence: 8 })]).head).not.toHaveProperty('sizes')
  expect(framed([held({ payload: 'a\nb' }), held({ sequence: 8 })]).head.sizes).toEqual([3, 1, 1, 1])
  const { head } = framed([held({ headers: ['Nats-Msg-Id: 1'] }), held({ sequence: 8, headers: ['color: red'] })])
  expect(Object.keys(head.headers!)).toEqual(['1'])
  expect(head.headers!['1']).toContain('color: red')
})
