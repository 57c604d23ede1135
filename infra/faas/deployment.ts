import { createHash } from 'node:crypto'
import * as z from 'zod'
import { readAnnotated } from '../../triggers/annotated.ts'

/** The only namespace: OpenFaaS's default. */
export const NAMESPACE = 'openfaas-fn'

/** A function's name as metrics spell it in full. */
export const fullName = (service: string) => `${service}.${NAMESPACE}`

const texts = z.record(z.string(), z.string()).nullish()
const resources = z.record(z.string(), z.string()).nullish()

/** What a client deploys, as OpenFaaS's API names it. Unknown fields are dropped; the others are echoed as they came. */
export const FunctionDeployment = z.object({
  service: z.string(),
  image: z.string(),
  namespace: z.string().nullish(),
  envProcess: z.string().nullish(),
  envVars: texts,
  constraints: z.array(z.string()).nullish(),
  secrets: z.array(z.string()).nullish(),
  labels: texts,
  annotations: texts,
  limits: resources,
  requests: resources,
  readOnlyRootFilesystem: z.boolean().nullish(),
})
export type FunctionDeployment = z.infer<typeof FunctionDeployment>

/** A request the host refuses: `message` is the one line that faas-cli shows its user. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Checks a deployment's own rules (name, namespace, route, triggers). @throws {Refusal} 400 */
export function parseDeployment(body: unknown): FunctionDeployment {
  const parsed = FunctionDeployment.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new Refusal(400, `deployment: ${issue.path.join('.') || 'body'}: ${issue.message}`)
  }
  const { service, namespace, annotations } = parsed.data
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(service) || service.length > 63) {
    throw new Refusal(400, `service name "${service}" must be 1 to 63 of a-z, 0-9 and -, with no - at either end`)
  }
  refuseOtherNamespace(namespace)
  routeOf(annotations)
  // A trigger that is not understood would never run: whoever deploys it hears it now.
  const { problem } = readAnnotated(service, annotations ?? {})
  if (problem !== undefined) throw new Refusal(400, problem.replace(/\s*\n\s*/g, ' '))
  return parsed.data
}

/** @throws {Refusal} 400 for a namespace that is given and is not ours. */
export function refuseOtherNamespace(namespace: string | null | undefined): void {
  if (namespace && namespace !== NAMESPACE) throw new Refusal(400, `namespace "${namespace}" does not exist: the only one is ${NAMESPACE}`)
}

const RESERVED = ['system', 'function', 'async-function', 'healthz', 'metrics', 'ui', '_']

/** The path prefix of annotation `http.route` under which a function also answers, e.g. `/bars`; null when it has none. @throws {Refusal} 400 */
export function routeOf(annotations: FunctionDeployment['annotations']): string | null {
  const route = annotations?.['http.route']
  if (route === undefined) return null
  if (!/^(\/[-a-z0-9_.~]+)+$/i.test(route)) throw new Refusal(400, `annotation http.route is "${route}": a path like /bars is needed`)
  if (RESERVED.includes(route.split('/')[1]!)) throw new Refusal(400, `annotation http.route ${route} belongs to the gateway itself`)
  return route
}

/** The bundle an image stands for: the last part of its name, without tag or digest. @throws {Refusal} 400 */
export function bundleOf(image: string): string {
  const name = /^(?:[^@]*\/)?([a-z0-9][-a-z0-9_.]*)(?::[\w.-]+)?(?:@[\w:]+)?$/.exec(image)?.[1]
  if (name === undefined) throw new Refusal(400, `image "${image}" is not a name like local/bars:dev`)
  return name
}

/**
 * What makes a running replica out of date: its code (`stamp`), its environment, its memory and its share of the cores. Labels and annotations take effect
 * without a restart.
 */
export function revisionOf({ image, envVars, envProcess, secrets, limits, requests }: FunctionDeployment, stamp: string): string {
  const sorted = Object.entries(envVars ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([image, sorted, envProcess, secrets, limits?.memory, requests?.cpu, stamp]))
    .digest('hex')
    .slice(0, 16)
}
