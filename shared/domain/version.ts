/**
 * A version orders everything that comes out of a stream: `epoch * 2^40 + sequence`, one safe integer.
 * A sequence counts within one life of a stream; the epoch steps up when a stream was re-created or rewound, so
 * a message of the new life is always above every message of the old one.
 */
const EPOCH = 2 ** 40

/** @throws {RangeError} beyond 2^40 messages or 8191 epochs. */
export function versionOf(epoch: number, sequence: number): number {
  if (!(sequence >= 0 && sequence < EPOCH && epoch >= 0 && epoch < 8192))
    throw new RangeError(`no version for epoch ${epoch}, sequence ${sequence}`)
  return epoch * EPOCH + sequence
}

/** The epoch of a version. */
export const epochOf = (version: number): number => Math.floor(version / EPOCH)

/** The stream sequence of a version. */
export const sequenceOf = (version: number): number => version % EPOCH
