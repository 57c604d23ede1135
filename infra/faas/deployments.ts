import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../shared/runtime/log.ts'
import { type FunctionDeployment, Refusal, revisionOf, routeOf } from './deployment.ts'
import { logFolder } from './logs/files.ts'
import { programOf, stampOf } from './program.ts'
import { openRegistry } from './registry.ts'
import { ReplicaSet } from './replicas.ts'
import { RouteTable } from './route.ts'
import { scaleRuleOf } from './scale-rule.ts'
import { Scaler } from './scaler.ts'
import type { Secrets } from './secrets.ts'
import { type ReplicaSpec, specOf } from './spec.ts'
import { readState, writeState } from './state.ts'
import { watchdogOf } from './watchdog.ts'

/** What is kept on disk of one function; `replicas` is how many it has at rest. */
type Stored = { readonly deployment: FunctionDeployment; readonly createdAt: string; readonly replicas: number; readonly revision: string }

/** One deployed function: what was asked for, its replicas, and what its calls need. */
export type Deployed = Stored & { readonly set: ReplicaSet; readonly scaler: Scaler }

/**
 * `data`: state and logs; `dist`: bundles; `timeoutMs`: how long a function may stay silent in a call; `scaleDownMs`: how long a replica
 * must have been of no need.
 */
type Settings = { readonly data: string; readonly dist: string; readonly timeoutMs: number; readonly scaleDownMs: number }

/** All deployed functions. Every change is on disk before it is answered, and a restarted host goes on with what runs. */
export class Deployments {
  #settings: Settings
  #secrets: Secrets
  #log: Log
  #registry
  #byName = new Map<string, Deployed>()
  #routes = new RouteTable<Deployed>()
  /** Replicas of removed functions, which still finish their requests. */
  #leaving = new Map<ReplicaSet, Promise<void>>()

  constructor(settings: Settings, secrets: Secrets, log: Log) {
    this.#settings = settings
    this.#secrets = secrets
    this.#log = log
    mkdirSync(this.logFolder, { recursive: true })
    this.#registry = openRegistry(settings.data)
  }

  /** Starts what is on disk: replicas that still run are adopted, those of functions that are gone are ended; what slept sleeps on. */
  restore(): void {
    const stored = readState<Stored[]>(this.#file, []).filter((one) => this.#isSound(one))
    const services = new Set(stored.map(({ deployment }) => deployment.service))
    const running = this.#registry.takeRunning(services)
    this.#secrets.clear(services)
    for (const one of stored) {
      const { deployment, replicas } = one
      const rule = scaleRuleOf(deployment)
      const spec = this.#specOf(one)
      const own = running.filter(({ service }) => service === deployment.service)
      const deployed = { ...one, ...this.#begin(deployment, replicas) }
      for (const record of own) deployed.set.adopt(record, spec)
      const sleeps = rule.zeroAfterMs !== null && own.length === 0
      deployed.scaler.set(rule, replicas, sleeps ? 0 : replicas, performance.now())
      this.#put(deployed)
      deployed.set.want(spec, sleeps ? 0 : replicas)
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
    const { service, image, secrets } = deployment
    const old = this.#byName.get(service)
    if (update && !old) throw new Refusal(404, `function ${service} is not deployed`)
    if (!update && old) throw new Refusal(400, `function ${service} is deployed already: update it with PUT`)
    const absent = secrets?.find((name) => !this.#secrets.has(name))
    if (absent !== undefined) throw new Refusal(400, `secret "${absent}" does not exist: create it first`)
    this.#checkRoute(deployment, old)
    const rule = scaleRuleOf(deployment)
    const program = programOf(image, watchdogOf(deployment).command, this.#settings.dist)
    const revision = revisionOf(deployment, stampOf(program, image))
    const spec = this.#specOf({ deployment, revision })
    const replicas = within(rule, old?.replicas ?? rule.min)
    const { set, scaler } = old ?? this.#begin(deployment, replicas)
    // One that is busy keeps what its calls need.
    const size = within(rule, Math.max(replicas, set.size))
    this.#put({ deployment, createdAt: old?.createdAt ?? new Date().toISOString(), replicas, revision, set, scaler })
    this.#save()
    scaler.set(rule, replicas, size, performance.now())
    set.want(spec, size)
  }

  /**
   * Sets the number of replicas at rest, within the bounds of the function's labels; calls in flight may need more. 0 is for functions
   * that may sleep, and lasts until the next call.
   * @throws {Refusal} 404, 400
   */
  scale(service: string, asked: number): void {
    const deployed = this.#byName.get(service)
    if (!deployed) throw new Refusal(404, `function ${service} is not deployed`)
    const rule = scaleRuleOf(deployed.deployment)
    if (asked < 0) throw new Refusal(400, `function ${service} cannot be scaled to ${asked}`)
    if (asked === 0 && rule.zeroAfterMs === null) {
      throw new Refusal(400, `function ${service} cannot be scaled to 0: annotation scale.zero-after would allow it`)
    }
    const replicas = asked === 0 ? deployed.replicas : within(rule, asked)
    const size = asked === 0 ? 0 : replicas
    this.#put({ ...deployed, replicas })
    this.#save()
    deployed.scaler.set(rule, replicas, size, performance.now())
    deployed.set.resize(size)
  }

  /** Removes a function; its replicas finish their requests. @throws {Refusal} 404 */
  remove(service: string): void {
    const deployed = this.#byName.get(service)
    if (!deployed) throw new Refusal(404, `function ${service} is not deployed`)
    this.#byName.delete(service)
    this.#routes.set(this.list())
    this.#save()
    const { set } = deployed
    this.#leaving.set(
      set,
      set.stop().finally(() => this.#leaving.delete(set)),
    )
  }

  /** Gives every function as many replicas as its calls need. */
  rescale(): void {
    for (const { set, scaler } of this.#byName.values()) set.resize(scaler.next(performance.now()))
  }

  /** Ends replicas that hold more memory than they may, those of removed functions as well; one at each step. */
  *guardMemory(): Generator<void> {
    for (const { set } of this.list()) yield* set.guardMemory()
    for (const set of [...this.#leaving.keys()]) yield* set.guardMemory()
  }

  /** Ends every replica; what is deployed stays on disk. */
  async close(drainMs: number): Promise<void> {
    await Promise.all([...this.list().map(({ set }) => set.stop(drainMs)), ...this.#leaving.values()])
  }

  /** Where the functions' logs are. */
  get logFolder(): string {
    return logFolder(this.#settings.data)
  }

  get #file(): string {
    return join(this.#settings.data, 'deployments.json')
  }

  /** An older host may have taken what this one would refuse. */
  #isSound(stored: Stored): boolean {
    const { deployment } = stored
    try {
      scaleRuleOf(deployment)
      this.#specOf(stored)
      return true
    } catch (err) {
      this.#log.error({ service: deployment.service, err }, 'function is left out: it has to be deployed again')
      return false
    }
  }

  #begin(deployment: FunctionDeployment, replicas: number): { set: ReplicaSet; scaler: Scaler } {
    const scaler = new Scaler(scaleRuleOf(deployment), replicas, this.#settings.scaleDownMs, performance.now())
    return { set: new ReplicaSet(deployment.service, this.#registry, this.#log), scaler }
  }

  #checkRoute({ annotations }: FunctionDeployment, old: Deployed | undefined): void {
    const route = routeOf(annotations)
    const owner = route === null ? undefined : this.#routes.owner(route)
    if (owner && owner !== old) throw new Refusal(400, `annotation http.route ${route} is taken by function ${owner.deployment.service}`)
  }

  #put(deployed: Deployed): void {
    this.#byName.set(deployed.deployment.service, deployed)
    this.#routes.set(this.list())
  }

  #save(): void {
    const stored = this.list().map(({ set: _, scaler: __, ...kept }) => kept)
    writeState(this.#file, stored, { durable: true })
  }

  #specOf({ deployment, revision }: Pick<Stored, 'deployment' | 'revision'>): ReplicaSpec {
    const { dist, timeoutMs } = this.#settings
    const secretsFolder = (names: readonly string[]) => this.#secrets.folderFor(deployment.service, names)
    const compileCache = join(this.#settings.data, 'compile-cache')
    return specOf(deployment, revision, { dist, timeoutMs, logFolder: this.logFolder, compileCache, secretsFolder })
  }
}

const within = ({ min, max }: { min: number; max: number }, count: number) => Math.min(Math.max(count, min), max)
