import type { Outgoing } from '../../../shared/ports/publisher.ts'

/** Messages that the functions refuse for good, and those that they refuse twice. */
export const POISON = 'poison'
export const FLAKY = 'flaky'

const KEYS = 20

export const message = (i: number): Outgoing => ({
  subject: `chaos.k${i % KEYS}`,
  payload: i % 499 === 0 ? POISON : i % 97 === 0 ? FLAKY : `message ${i}`,
  msgId: `chaos-${i}`,
})
