import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../shared/runtime/log.ts'
import { bundleOf, type FunctionDeployment, Refusal, revisionOf, routeOf, scaleOf } from './deployment.ts'
import { logFileOf, logFolder } from './logs/files.ts'
import { openRegistry } from './registry.ts'
import type { ReplicaSpec } from './replica.ts'
import { ReplicaSet } from './replicas.ts'
import { RouteTable } from './route.ts'
import type { Secrets } from './secrets.ts'
import { readState, writeState } from './state.ts'

/** What is kept on disk of one function. */
type Stored = { readonly deployment: FunctionDeployment; readonly createdAt: string; readonly replicas: number; readonly revision: string }

/** One deployed function: what was asked for, and its replicas. */
export type Deployed = Stored & { readonly set: ReplicaSet }

/** `data`: state and logs; `dist`: bundles; `timeoutMs`: how long a function may stay silent in a call. */
type Settings = { readonly data: string; readonly dist: string; readonly timeoutMs: number }

/** All deployed functions. Every change is on disk before it is answered, and a restarted host goes on with what runs. */
export class Deployments {
  #settings: Settings
  #secrets: Secrets
  #log: Log
  #registry
  #byName = new Map<string, Deployed>()
  #routes = new RouteTable<Deployed>()
  /** Replicas of removed functions, which still finish their requests. */
  #leaving = new Set<Promise<void>>()

  constructor(settings: Settings, secrets: Secrets, log: Log) {
    this.#settings = settings
    this.#secrets = secrets
    this.#log = log
    mkdirSync(this.logFolder, { recursive: true })
    this.#registry = openRegistry(settings.data)
  }

  /** Starts what is on disk: replicas that still run are adopted, those of functions that are gone are ended. */
  restore(): void {
    const stored = readState<Stored[]>(this.#file, [])
    const services = new Set(stored.map(({ deployment }) => deployment.service))
    const running = this.#registry.takeRunning(services)
    this.#secrets.clear(services)
    for (const one of stored) {
      const set = new ReplicaSet(one.deployment.service, this.#registry, this.#log)
      for (const record of running.filter(({ service }) => service === one.deployment.service)) set.adopt(record, this.#settings.timeoutMs)
      this.#put({ ...one, set })
      set.want(this.#specOf(one), one.replicas)
    }
  }

  list(): Deployed[] {
    return [...this.#byName.values()]
  }

  get(service: string): Deployed | undefined {
    return this.#byName.get(service)
  }

  /** The function that a path outside `/function/` is routed to, and what it sees. */
  byRoute(url: string): { deployed: Deployed; rest: string } | undefined {
    return this.#routes.find(url)
  }

  /** Deploys a new function, or a new form of one: its new replicas are ready before the old ones go. @throws {Refusal} 400, or 404 for an update of none. */
  deploy(deployment: FunctionDeployment, { update }: { update: boolean }): void {
    const { service, labels, secrets } = deployment
    const old = this.#byName.get(service)
    if (update && !old) throw new Refusal(404, `function ${service} is not deployed`)
    if (!update && old) throw new Refusal(400, `function ${service} is deployed already: update it with PUT`)
    const absent = secrets?.find((name) => !this.#secrets.has(name))
    if (absent !== undefined) throw new Refusal(400, `secret "${absent}" does not exist: create it first`)
    const route = routeOf(deployment.annotations)
    const owner = route === null ? undefined : this.#routes.owner(route)
    if (owner && owner !== old) throw new Refusal(400, `annotation http.route ${route} is taken by function ${owner.deployment.service}`)
    const { min, max } = scaleOf(labels)
    const replicas = Math.min(Math.max(old?.replicas ?? min, min), max)
    const revision = revisionOf(deployment, this.#readBundle(deployment.image))
    const set = old?.set ?? new ReplicaSet(service, this.#registry, this.#log)
    const deployed = { deployment, createdAt: old?.createdAt ?? new Date().toISOString(), replicas, revision, set }
    this.#put(deployed)
    this.#save()
    set.want(this.#specOf(deployed), replicas)
  }

  /** Sets the number of replicas, within the bounds of the function's labels. @throws {Refusal} 404, 400 */
  scale(service: string, replicas: number): void {
    const deployed = this.#byName.get(service)
    if (!deployed) throw new Refusal(404, `function ${service} is not deployed`)
    if (replicas < 1) throw new Refusal(400, `function ${service} cannot be scaled to ${replicas}: at least 1 is needed`)
    const { min, max } = scaleOf(deployed.deployment.labels)
    const scaled = { ...deployed, replicas: Math.min(Math.max(replicas, min), max) }
    this.#put(scaled)
    this.#save()
    scaled.set.want(this.#specOf(scaled), scaled.replicas)
  }

  /** Removes a function; its replicas finish their requests. @throws {Refusal} 404 */
  remove(service: string): void {
    const deployed = this.#byName.get(service)
    if (!deployed) throw new Refusal(404, `function ${service} is not deployed`)
    this.#byName.delete(service)
    this.#routes.set(this.list())
    this.#save()
    const left = deployed.set.stop().finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }

  /** Ends every replica; what is deployed stays on disk. */
  async close(drainMs: number): Promise<void> {
    await Promise.all([...this.list().map(({ set }) => set.stop(drainMs)), ...this.#leaving])
  }

  /** Where the functions' logs are. */
  get logFolder(): string {
    return logFolder(this.#settings.data)
  }

  get #file(): string {
    return join(this.#settings.data, 'deployments.json')
  }

  #put(deployed: Deployed): void {
    this.#byName.set(deployed.deployment.service, deployed)
    this.#routes.set(this.list())
  }

  #save(): void {
    const stored = this.list().map(({ set: _, ...kept }) => kept)
    writeState(this.#file, stored, { durable: true })
  }

  #specOf({ deployment, revision }: Stored): ReplicaSpec {
    const { service, image, envVars, secrets } = deployment
    const folder = secrets?.length ? { SECRETS_DIR: this.#secrets.folderFor(service, secrets) } : {}
    return {
      service,
      revision,
      bundle: this.#bundle(image),
      env: { ...envVars, ...folder },
      logFileOf: (index) => logFileOf(this.logFolder, service, index),
      timeoutMs: this.#settings.timeoutMs,
    }
  }

  #bundle(image: string): string {
    return join(this.#settings.dist, 'functions', bundleOf(image), 'index.js')
  }

  #readBundle(image: string): Uint8Array {
    const path = this.#bundle(image)
    if (!existsSync(path))
      throw new Refusal(400, `image "${image}" has no bundle functions/${bundleOf(image)}/index.js: build it with npm run build`)
    return readFileSync(path)
  }
}
