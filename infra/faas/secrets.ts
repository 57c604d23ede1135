import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Refusal } from './deployment.ts'
import { draftOf, replaceFile } from './state.ts'

/** Kubernetes' form of a secret's name, a DNS subdomain (RFC 1123): no `/`, no `..`, and nothing that begins with a dot. */
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/**
 * The secrets that functions may be given, one file each, readable by its owner only. A function finds those that it declares in a
 * folder of its own, as links: a changed secret is seen by the next read, without a restart, and one that is removed is gone at once.
 */
export class Secrets {
  #store: string
  #given: string

  /** @param data - the host's data folder. */
  constructor(data: string) {
    this.#store = join(data, 'secrets')
    this.#given = join(data, 'given')
    for (const folder of [this.#store, this.#given]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  list(): string[] {
    return readdirSync(this.#store)
      .filter((file) => NAME.test(file))
      .sort()
  }

  has(name: string): boolean {
    return NAME.test(name) && existsSync(join(this.#store, name))
  }

  /** @throws {Refusal} 400 for a name that none can have, 409 when there is one already. */
  create(name: string, value: Uint8Array): void {
    if (this.has(name)) throw new Refusal(409, `secret ${name} exists already: update it with PUT`)
    this.#write(name, value)
  }

  /** @throws {Refusal} 404 */
  update(name: string, value: Uint8Array): void {
    this.#mustExist(name)
    this.#write(name, value)
  }

  /** @throws {Refusal} 404 */
  remove(name: string): void {
    this.#mustExist(name)
    rmSync(join(this.#store, name))
  }

  /** The folder in which a function finds these secrets under their names. */
  folderFor(service: string, names: readonly string[]): string {
    // By the names in it: replicas of an earlier form, which declared others, still read theirs while they finish.
    const key = createHash('sha256').update(JSON.stringify(names.toSorted())).digest('hex').slice(0, 8)
    const folder = join(this.#given, service, key)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const there = new Set(readdirSync(folder))
    for (const name of new Set(names)) if (!there.has(name)) symlinkSync(relative(folder, join(this.#store, name)), join(folder, name))
    return folder
  }

  /** Clears away what a host left that was killed: drafts, and the folders of functions other than these. */
  clear(services: ReadonlySet<string>): void {
    for (const draft of readdirSync(this.#store).filter((file) => file.endsWith(draftOf('')))) rmSync(join(this.#store, draft))
    for (const service of readdirSync(this.#given)) if (!services.has(service)) rmSync(join(this.#given, service), { recursive: true })
  }

  #mustExist(name: string): void {
    if (!this.has(name)) throw new Refusal(404, `secret ${name} does not exist`)
  }

  #write(name: string, value: Uint8Array): void {
    if (!NAME.test(name))
      throw new Refusal(400, `secret name "${name}" must be lower-case letters, digits, - and ., with a letter or digit at both ends`)
    replaceFile(join(this.#store, name), value, { durable: true })
  }
}
