import { type KV, Kvm } from '@nats-io/kv'
import { CONTROL_BUCKET } from '../../contract/streams.ts'
import type { Nats } from './connect.ts'

/** A value as the bucket holds it; `revision` is what a compare-and-set compares. */
export type Entry<T> = { readonly value: T; readonly revision: number }

/** The control bucket: small JSON values that outlive every process and Valkey. */
export type Control = {
  get<T>(key: string): Promise<Entry<T> | undefined>
  /** Writes only where there is no value; gives its revision, or undefined where another was first. */
  create(key: string, value: unknown): Promise<number | undefined>
  /** Writes only over that revision; gives the new one, or undefined where another was first. */
  replace(key: string, value: unknown, revision: number): Promise<number | undefined>
  put(key: string, value: unknown): Promise<void>
  /** Removes that revision; if it is no longer the newest, nothing happens. */
  remove(key: string, revision: number): Promise<void>
}

/** The names of what the bucket holds. */
export type ControlKeys = {
  /** Those that any of these filters (wildcards as in subjects) takes. */
  keys(filters: readonly string[]): Promise<string[]>
}

const WRONG_LAST_SEQUENCE = 10071

/** Opens the bucket (infra/storage creates it); each call fails at once while the server is away. */
export function natsControl(nats: Nats): Control & ControlKeys {
  let opened: Promise<KV> | undefined
  const ask = <T>(work: (bucket: KV) => Promise<T>): Promise<T> =>
    nats.during(async (connection) => {
      opened ??= new Kvm(connection).open(CONTROL_BUCKET)
      const bucket = await opened.catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return work(bucket)
    })
  return {
    async get<T>(key: string) {
      const found = await ask((bucket) => bucket.get(key))
      return found?.operation === 'PUT' ? { value: found.json<T>(), revision: found.revision } : undefined
    },
    keys(filters) {
      return ask(async (bucket) => {
        const found: string[] = []
        for await (const key of await bucket.keys([...filters])) found.push(key)
        return found
      })
    },
    create: (key, value) => ask((bucket) => unlessLost(bucket.create(key, JSON.stringify(value)))),
    replace: (key, value, revision) => ask((bucket) => unlessLost(bucket.update(key, JSON.stringify(value), revision))),
    async put(key, value) {
      await ask((bucket) => bucket.put(key, JSON.stringify(value)))
    },
    async remove(key, revision) {
      await ask((bucket) => unlessLost(bucket.delete(key, { previousSeq: revision })))
    },
  }
}

async function unlessLost<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === WRONG_LAST_SEQUENCE) return undefined
    throw error
  }
}
