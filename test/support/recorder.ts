import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestHost } from '../integration/faas/host.ts'

export type Recorded = {
  readonly what: 'begun' | 'ended'
  readonly url: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly version: string
  readonly pid: number
  readonly ms: number
}

/** A function on a host of a test's own that writes down its calls. */
export class Recorder {
  readonly #host: TestHost
  readonly #name: string

  constructor(host: TestHost, name: string) {
    this.#host = host
    this.#name = name
    const folder = join(host.folder, 'dist/functions/recorder')
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(import.meta.dirname, 'recorder.js'), join(folder, 'index.js'))
    writeFileSync(this.#file, '')
  }

  get #file(): string {
    return join(this.#host.folder, `${this.#name}.calls`)
  }
  get #gate(): string {
    return join(this.#host.folder, `${this.#name}.hold`)
  }

  deploy(annotations: Readonly<Record<string, string>>, envVars: Readonly<Record<string, string>> = {}): Promise<void> {
    const own = { RECORD: this.#file, HOLD: this.#gate }
    return this.#host.deploy(this.#name, { image: 'local/recorder:dev', annotations, envVars: { ...own, ...envVars } })
  }

  async remove(): Promise<void> {
    await this.#host.system('DELETE', 'functions', { functionName: this.#name })
  }

  /** Calls take as long as this holds. */
  hold(): void {
    writeFileSync(this.#gate, '')
  }
  release(): void {
    if (existsSync(this.#gate)) rmSync(this.#gate)
  }

  /** What was written down, in order. */
  all(): Recorded[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded)
  }

  begun(): Recorded[] {
    return this.all().filter(({ what }) => what === 'begun')
  }
}
