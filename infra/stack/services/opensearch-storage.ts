import { applyToOwn } from '../../storage/opensearch/apply.ts'

/** Gives a server that answers its indices and templates. @returns true. @throws when it could not be done now. */
export async function hasStorage(url: string): Promise<boolean> {
  await applyToOwn(url)
  return true
}
