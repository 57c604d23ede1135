import type { Control, ControlKeys } from '../shared/adapters/nats/control.ts'

/** What a lane writes down while it is delivered. */
const OF_LANES = ['progress.>', 'lease.>']

/**
 * Deletes what the lanes of functions that are there no more have written down, or they would count as readers that are behind.
 * Where a function began is kept: deployed again it goes on where its stored positions say, and from the same beginning where it has none.
 * @returns the keys deleted.
 */
export async function forgetAbsent(
  control: Pick<Control, 'get' | 'remove'> & ControlKeys,
  isPresent: (functionName: string) => boolean,
): Promise<string[]> {
  const absent = (await control.keys(OF_LANES)).filter((key) => {
    const functionName = /^[^.]+\.(.+)\.\d+-of-\d+$/.exec(key)?.[1]
    return functionName !== undefined && !isPresent(functionName)
  })
  for (const key of absent) {
    const found = await control.get(key)
    // A lane that has written since, as of a function deployed again just now, keeps its key.
    if (found) await control.remove(key, found.revision)
  }
  return absent
}
