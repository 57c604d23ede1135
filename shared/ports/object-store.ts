export type StoredObject = { readonly key: string; readonly sizeBytes: number; readonly modifiedMs: number }

/**
 * Objects by key in one bucket. What was written is seen by whoever reads or lists afterwards (as S3 has done since 2020).
 * All of it throws RetryableError ERR_UNAVAILABLE while the store is away or fails; whether a write that threw was done is then unknown.
 */
export interface ObjectStore {
  /** An object's bytes; undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Its bytes from `from` up to, not including, `to`; fewer where it is shorter. `from` is within the object. */
  getRange(key: string, from: number, to: number): Promise<Uint8Array | undefined>
  /** An object's bytes, part by part as they come; undefined where there is none. */
  open(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Writes an object, over one that is there. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Writes an object unless there is one: of all who try, one is told `created`. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** Objects whose key begins with `prefix`, in the order of their keys' UTF-8 bytes; only those after the key `after` where it is given. */
  list(prefix: string, after?: string): AsyncIterable<StoredObject>
  /** Deletes objects; one that is not there is no error. */
  remove(keys: readonly string[]): Promise<void>
}
