import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authorize } from './auth.ts'
import { NAMESPACE, parseDeployment, Refusal } from './deployment.ts'
import type { Deployed, Deployments } from './deployments.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { ReplicaRecord } from './registry.ts'
import { reply } from './reply.ts'

const MAX_BODY_BYTES = 1024 * 1024

type Answer = { status: number; json?: unknown }
type System = { readonly deployments: Deployments; readonly metrics: GatewayMetrics; readonly authorize: Authorize }

/** Answers OpenFaaS's management API, everything below `/system/`, behind basic auth. */
export async function answerSystem(system: System, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!system.authorize(request.headers.authorization)) {
    request.resume()
    return reply(response, 401, 'invalid credentials', { 'WWW-Authenticate': 'Basic realm="Restricted"' })
  }
  try {
    const { status, json } = await route(system, request)
    if (json === undefined) reply(response, status)
    else reply(response, status, JSON.stringify(json), { 'Content-Type': 'application/json' })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    request.resume()
    reply(response, error.status, error.message)
  }
}

async function route({ deployments, metrics }: System, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url!, 'http://gateway')
  const [, , resource, name, ...more] = url.pathname.split('/')
  const call = `${request.method} ${resource}${name === undefined ? '' : '/'}`
  refuseOtherNamespace(url.searchParams.get('namespace'))
  if (more.length > 0) throw new Refusal(404, `nothing at ${url.pathname}`)
  switch (call) {
    case 'GET functions':
      return { status: 200, json: deployments.list().map((deployed) => statusOf(deployed, metrics)) }
    case 'POST functions':
    case 'PUT functions':
      deployments.deploy(parseDeployment(await readJson(request)), { update: request.method === 'PUT' })
      return { status: 202 }
    case 'DELETE functions': {
      const { functionName, namespace } = await readJson(request)
      refuseOtherNamespace(namespace)
      deployments.remove(textOf('functionName', functionName))
      return { status: 202 }
    }
    case 'GET function/': {
      const deployed = deployments.get(name!)
      return deployed ? { status: 200, json: statusOf(deployed, metrics) } : { status: 404 }
    }
    case 'POST scale-function/': {
      const { replicas, namespace } = await readJson(request)
      refuseOtherNamespace(namespace)
      if (!Number.isInteger(replicas)) throw new Refusal(400, 'replicas must be an integer')
      deployments.scale(name!, replicas as number)
      return { status: 202 }
    }
    case 'GET targets':
      return { status: 200, json: deployments.list().flatMap(({ set }) => set.ready.map(targetOf)) }
    case 'GET info':
      return { status: 200, json: INFO }
    default:
      throw new Refusal(404, `nothing at ${request.method} ${url.pathname}`)
  }
}

const VERSION = { sha: 'local', release: '0.1.0', commit_message: 'trade2026 local host' }
const INFO = {
  provider: { provider: 'trade2026', orchestration: 'processes', version: VERSION },
  version: VERSION,
  arch: process.arch === 'x64' ? 'x86_64' : process.arch,
}

/** A function as OpenFaaS shows it: its deployment exactly as it came, under `name` instead of `service`, and its state. */
function statusOf({ deployment, createdAt, replicas, set }: Deployed, metrics: GatewayMetrics) {
  const { service, ...rest } = deployment
  const state = { invocationCount: metrics.invocations(service), replicas, availableReplicas: set.available, createdAt }
  return { name: service, namespace: NAMESPACE, ...rest, ...state }
}

/**
 * Where one replica's own metrics are. This one is not of OpenFaaS's API: `/function/NAME/metrics` is answered by one replica of several.
 * @see https://prometheus.io/docs/prometheus/latest/http_sd/
 */
const targetOf = ({ service, index, port }: ReplicaRecord) => ({
  targets: [`127.0.0.1:${port}`],
  labels: { function: service, replica: String(index) },
})

function refuseOtherNamespace(namespace: unknown): void {
  if (namespace === undefined || namespace === null || namespace === '' || namespace === NAMESPACE) return
  throw new Refusal(400, `namespace "${namespace}" does not exist: the only one is ${NAMESPACE}`)
}

function textOf(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new Refusal(400, `${field} is missing`)
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) throw new Refusal(413, `the body is larger than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    const value = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'the body is not a JSON object')
}
