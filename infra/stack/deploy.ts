import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from './problem.ts'
import { readStackFile, type StackFunction } from './stack-file.ts'
import { applySecrets } from './stack-secrets.ts'

/** A gateway, and who speaks to it. */
type Gateway = {
  readonly gatewayUrl: string
  readonly user: string
  readonly password: string
  /** Ends the work early: what the gateway has accepted by then stays deployed. */
  readonly signal?: AbortSignal | undefined
}

/** What to deploy, and where. */
export type DeployOptions = Gateway & {
  readonly stackFile: string
  /** Only these functions of it. */
  readonly only?: readonly string[]
  /** Servers that there are not: functions that need one (annotation `stack.needs`) are left out. */
  readonly without?: readonly string[]
  /** Servers that are still to come: functions that need one are deployed, and not waited for. */
  readonly late?: readonly string[]
  /** Over the environment of every function, as `faas-cli deploy -e NAME=VALUE`. */
  readonly env?: Readonly<Record<string, string>>
  /** Secrets by name, where there is no file of that name in `.secrets` beside the stack file. */
  readonly secrets?: Readonly<Record<string, string>>
  /** What `${VAR}` in the stack file stands for; this process's environment unless given. */
  readonly variables?: NodeJS.ProcessEnv
  /** Told of each step of each function. */
  readonly onProgress?: (service: string, state: 'deployed' | 'ready') => void
  readonly readyWithinMs?: number
}

const LOOK_MS = 10
/** The annotation of a function that names servers, separated by commas, without which it is never ready. */
const NEEDS = 'stack.needs'

/**
 * Deploys every function of a stack file over HTTP as faas-cli does (an update first, a new deployment when there is none), with the secrets that lie beside the
 * file, and waits until all are ready.
 * @returns the names of those that were not waited for.
 * @throws {Problem} naming functions that the file does not have; with the gateway's own words when it refuses one; or naming those that are not ready in time.
 */
export async function deployStack(options: DeployOptions): Promise<string[]> {
  const { stackFile, env = {}, secrets = {}, variables = process.env, without = [], late = [], onProgress } = options
  const functions = chosen(await readStackFile(stackFile, variables), options).filter((one) => !needs(one, without))
  const named = functions.flatMap(({ secrets }) => secrets ?? [])
  await applySecrets(stackFile, named, secrets, (method, path, body) => call(options, method, path, body))
  await Promise.all(
    functions.map(async ({ envVars, ...rest }) => {
      await deploy(options, { ...rest, envVars: { ...envVars, ...env } })
      onProgress?.(rest.service, 'deployed')
    }),
  )
  const names = (some: readonly StackFunction[]) => some.map(({ service }) => service)
  await untilReady(options, names(functions.filter((one) => !needs(one, late))))
  return names(functions.filter((one) => needs(one, late)))
}

/** Waits until functions are ready. @throws {Problem} naming those that are not in time. */
export async function untilReady(
  options: Pick<DeployOptions, keyof Gateway | 'onProgress' | 'readyWithinMs'>,
  names: readonly string[],
): Promise<void> {
  const { onProgress, signal, readyWithinMs = 30_000 } = options
  const left = new Set(names)
  const deadline = performance.now() + readyWithinMs
  while (left.size > 0) {
    for (const { name, replicas, availableReplicas } of await list(options)) {
      if (availableReplicas >= replicas && left.delete(name)) onProgress?.(name, 'ready')
    }
    if (left.size === 0) return
    if (performance.now() > deadline) throw new Problem(`not ready within ${readyWithinMs / 1000} s: ${[...left].join(', ')}`)
    await sleep(LOOK_MS, undefined, { ...(signal && { signal }) })
  }
}

const needs = ({ annotations }: StackFunction, servers: readonly string[]): boolean =>
  (annotations[NEEDS] ?? '').split(',').some((name) => servers.includes(name.trim()))

/** Removes a function; one that is not there is no error. @throws {Problem} with the gateway's own words when it refuses. */
export async function removeFunction(gateway: Gateway, name: string): Promise<void> {
  const response = await call(gateway, 'DELETE', 'functions', JSON.stringify({ functionName: name }))
  if (!response.ok && response.status !== 404) throw new Problem(`function ${name} was not removed: ${await response.text()}`)
}

function chosen(functions: readonly StackFunction[], { stackFile, only }: DeployOptions): readonly StackFunction[] {
  if (!only) return functions
  const names = functions.map(({ service }) => service)
  const absent = only.filter((name) => !names.includes(name))
  if (absent.length > 0) throw new Problem(`${stackFile} has no function ${absent.join(', ')}; it has ${names.join(', ')}`)
  return functions.filter(({ service }) => only.includes(service))
}

async function deploy(options: DeployOptions, deployment: StackFunction): Promise<void> {
  const body = JSON.stringify(deployment)
  let response = await call(options, 'PUT', 'functions', body)
  if (response.status === 404) response = await call(options, 'POST', 'functions', body)
  const text = await response.text()
  if (!response.ok) throw new Problem(`function ${deployment.service} was refused: ${text || `status ${response.status}`}`)
}

async function list(options: Gateway): Promise<{ name: string; replicas: number; availableReplicas: number }[]> {
  const response = await call(options, 'GET', 'functions')
  if (!response.ok) throw new Problem(`the gateway answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as { name: string; replicas: number; availableReplicas: number }[]
}

async function call(
  { gatewayUrl, user, password, signal: given }: Gateway,
  method: string,
  path: string,
  body?: string,
): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const url = new URL(`/system/${path}`, gatewayUrl)
  const signal = AbortSignal.any([AbortSignal.timeout(60_000), ...(given ? [given] : [])])
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }), signal }).catch((error) => {
    given?.throwIfAborted()
    throw new Problem(`no gateway answers at ${gatewayUrl} (${error.cause?.code ?? error.message})`)
  })
}
