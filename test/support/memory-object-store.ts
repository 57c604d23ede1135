import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** Objects in memory. `modifiedMs` of what is written is what `now` says. */
export function memoryObjectStore(
  now = () => Date.now(),
): ObjectStore & { readonly objects: Map<string, { bytes: Uint8Array; modifiedMs: number }> } {
  const objects = new Map<string, { bytes: Uint8Array; modifiedMs: number }>()
  const write = (key: string, bytes: Uint8Array) => void objects.set(key, { bytes: bytes.slice(), modifiedMs: now() })
  return {
    objects,
    get: async (key) => objects.get(key)?.bytes.slice(),
    getRange: async (key, from, to) => objects.get(key)?.bytes.slice(from, to),
    async open(key) {
      const bytes = objects.get(key)?.bytes.slice()
      return (
        bytes &&
        (async function* () {
          yield bytes
        })()
      )
    },
    put: async (key, bytes) => write(key, bytes),
    async putIfAbsent(key, bytes) {
      if (objects.has(key)) return 'exists'
      write(key, bytes)
      return 'created'
    },
    async *list(prefix, after) {
      const found = [...objects].filter(
        ([key]) => key.startsWith(prefix) && (after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0),
      )
      for (const [key, { bytes, modifiedMs }] of found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
        yield { key, sizeBytes: bytes.length, modifiedMs }
    },
    async remove(keys) {
      for (const key of keys) objects.delete(key)
    },
  }
}
