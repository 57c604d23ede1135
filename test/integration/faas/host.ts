import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { logFolder, logsIn } from '../../../infra/faas/logs/files.ts'
import type { ReplicaRecord } from '../../../infra/faas/registry.ts'
import { endReplicas } from '../../../infra/faas/registry.ts'
import { identityOf } from '../../../infra/stack/identity.ts'
import { freePorts } from '../../../infra/stack/ports.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; json: () => Probe }
/** What the probe function says of a call. */
type Probe = {
  method: string
  url: string
  headers: Record<string, string>
  sizeBytes: number
  sha256: string
  pid: number
  env: Record<string, string>
}

type CallOptions = { method?: string; headers?: Record<string, string>; body?: string | Buffer; agent?: Agent }

export const AUTHORIZATION = `Basic ${Buffer.from('admin:secret word').toString('base64')}`

/** A host process of a test's own, with its folders, secrets and a probe function to deploy under any name. */
export class TestHost {
  readonly folder: string
  readonly port: number
  readonly #settings: Record<string, string>
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, settings: Record<string, string>) {
    this.folder = folder
    this.port = port
    this.#settings = settings
  }

  static async start(settings: Record<string, string> = {}): Promise<TestHost> {
    const folder = await mkdtemp(join(tmpdir(), 'trade2026-faas-'))
    for (const name of ['data', 'secrets', 'dist/functions/probe']) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'secrets/basic-auth-user'), 'admin\n')
    writeFileSync(join(folder, 'secrets/basic-auth-password'), 'secret word\n')
    writeFileSync(join(folder, 'dist/package.json'), '{"type":"module"}')
    copyFileSync(join(import.meta.dirname, 'probe.js'), join(folder, 'dist/functions/probe/index.js'))
    const host = new TestHost(folder, await freePorts(2), settings)
    await host.up()
    return host
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  get pid(): number {
    return this.#process!.pid!
  }

  /** Starts the process and waits until it listens. */
  async up(): Promise<void> {
    const log = openSync(join(this.folder, 'host.log'), 'a')
    const { PATH, NODE_COMPILE_CACHE } = process.env
    const env = {
      PATH,
      NODE_COMPILE_CACHE,
      FAAS_PORT: String(this.port),
      FAAS_METRICS_PORT: String(this.port + 1),
      FAAS_DATA: join(this.folder, 'data'),
      FAAS_DIST: join(this.folder, 'dist'),
      secret_mount_path: join(this.folder, 'secrets'),
      ...this.#settings,
    }
    this.#process = spawn(process.execPath, [join(ROOT, 'dist/faas/index.js')], { env, stdio: ['ignore', log, log] })
    await until('the host listens', async () => (await this.call('/healthz')).status === 200, 60_000)
  }

  /** Ends the process with a signal and waits for it. */
  async down(signal: NodeJS.Signals): Promise<number | null> {
    const gone = once(this.#process!, 'exit')
    this.#process!.kill(signal)
    const [code] = await gone
    return code as number | null
  }

  /** Ends everything, also what a failed test left. */
  async remove(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.down('SIGTERM')
    endReplicas(join(this.folder, 'data'))
    await rm(this.folder, { recursive: true, force: true })
  }

  call(path: string, { method = 'GET', headers = {}, body, agent }: CallOptions = {}): Promise<Answer> {
    const length = body ? { 'content-length': String(Buffer.byteLength(body)) } : {}
    const all = { ...length, ...headers }
    const sent = request({ host: '127.0.0.1', port: this.port, path, method, headers: all, agent: agent ?? false })
    const answer = answerTo(sent)
    sent.end(body)
    return answer
  }

  /** Begins a call that is in flight until it is finished: its body is held open. */
  hold(path: string): { finish(): Promise<Answer> } {
    const sent = request({ host: '127.0.0.1', port: this.port, path, method: 'POST', agent: false })
    const answer = answerTo(sent)
    sent.write('begun, ')
    return {
      finish: () => {
        sent.end('finished')
        return answer
      },
    }
  }

  /** The gateway's own metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port + 1}/metrics`)).text()
  }

  /** Calls the management API as its user, with the headers of faas-cli. */
  system(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { 'User-Agent': 'faas-cli/0.18.12', Authorization: AUTHORIZATION, 'Accept-Encoding': 'gzip' }
    if (body === undefined) return this.call(`/system/${path}`, { method, headers })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.call(`/system/${path}`, { method, headers: { ...headers, 'Content-Type': 'application/json' }, body: text })
  }

  /** Puts a file of this folder where an image's code is looked for. */
  addImage(name: string, file: string, as = 'index.js'): void {
    mkdirSync(join(this.folder, 'dist/functions', name), { recursive: true })
    copyFileSync(join(import.meta.dirname, file), join(this.folder, 'dist/functions', name, as))
  }

  /** What was logged: by the host, or by all replicas of a function. */
  log(service?: string): string {
    if (service === undefined) return readFileSync(join(this.folder, 'host.log'), 'utf8')
    const logs = logsIn(logFolder(join(this.folder, 'data'))).get(service) ?? []
    return logs.map(({ file }) => readFileSync(file, 'utf8')).join('')
  }

  async describe(service: string): Promise<{ replicas: number; availableReplicas: number }> {
    return JSON.parse((await this.system('GET', `function/${service}`)).text)
  }

  /** Deploys the probe function and waits until all its replicas are ready. */
  async deploy(service: string, more: object = {}): Promise<void> {
    const body = { service, image: 'local/probe:dev', ...more }
    const updated = await this.system('PUT', 'functions', body)
    const answer = updated.status === 404 ? await this.system('POST', 'functions', body) : updated
    if (answer.status !== 202) throw new Error(`deploy: ${answer.status} ${answer.text}`)
    await this.untilReady(service)
  }

  async untilReady(service: string): Promise<void> {
    await until(`${service} is ready`, async () => {
      const { replicas, availableReplicas } = await this.describe(service)
      return availableReplicas === replicas
    })
  }

  /** The processes that run for functions, by the host's own record. */
  replicas(): ReplicaRecord[] {
    return JSON.parse(readFileSync(join(this.folder, 'data/replicas.json'), 'utf8'))
  }
}

function answerTo(sent: ClientRequest): Promise<Answer> {
  return new Promise((done, fail) => {
    sent.once('error', fail).once('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part) => parts.push(part)).once('error', fail)
      response.once('end', () => {
        const text = Buffer.concat(parts).toString()
        done({ status: response.statusCode!, headers: response.headers, text, json: () => JSON.parse(text) })
      })
    })
  })
}

export const isAlive = ({ pid, identity }: ReplicaRecord): boolean => identityOf(pid) === identity

/** Waits for a condition; an error counts as not yet. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 50_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const held = await Promise.resolve()
      .then(holds)
      .catch(() => false)
    if (held) return
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((go) => setTimeout(go, 10))
  }
}
