import * as z from 'zod'
import { readBody, readJson } from '../body.ts'
import { NAMESPACE, parseDeployment } from '../deployment.ts'
import type { Deployed } from '../deployments.ts'
import type { GatewayMetrics } from '../metrics.ts'
import type { ReplicaRecord } from '../registry.ts'
import { type Handler, Namespace } from './call.ts'

/** Every function, as faas-cli's `list`, `login` and `diff` read them. */
export const list: Handler = ({ deployments, metrics }) => ({
  status: 200,
  json: deployments.list().map((deployed) => statusOf(deployed, metrics)),
})

/** One function; with `usage=1` also what its replicas use of the machine. */
export const describe: Handler = ({ deployments, metrics, usage, name, query }) => {
  const deployed = deployments.get(name)
  if (!deployed) return { status: 404 }
  const asked = ['1', 'true'].includes(query.get('usage') ?? '')
  return { status: 200, json: { ...statusOf(deployed, metrics), ...(asked && { usage: usage.of(deployed.set.ready) }) } }
}

/** A new function (POST), or a new form of one (PUT). */
export const deploy: Handler = async ({ deployments, request }) => {
  deployments.deploy(parseDeployment(await readJson(request)), { update: request.method === 'PUT' })
  return { status: 202 }
}

const Removal = z.object({ functionName: z.string().min(1), namespace: Namespace })

export const remove: Handler = async ({ deployments, request }) => {
  deployments.remove((await readBody(request, Removal)).functionName)
  return { status: 202 }
}

const Scaling = z.object({ replicas: z.int(), namespace: Namespace })

export const scale: Handler = async ({ deployments, request, name }) => {
  deployments.scale(name, (await readBody(request, Scaling)).replicas)
  return { status: 202 }
}

/**
 * Where each replica's own metrics are. This one is not of OpenFaaS's API: `/function/NAME/metrics` is answered by one replica of several.
 * @see https://prometheus.io/docs/prometheus/latest/http_sd/
 */
export const targets: Handler = ({ deployments }) => ({
  status: 200,
  json: deployments.list().flatMap(({ set }) => set.ready.map(targetOf)),
})

const targetOf = ({ service, index, port }: ReplicaRecord) => ({
  targets: [`127.0.0.1:${port}`],
  labels: { function: service, replica: String(index) },
})

/** A function as OpenFaaS shows it: its deployment exactly as it came, under `name` instead of `service`, and its state. */
function statusOf({ deployment, createdAt, set }: Deployed, metrics: GatewayMetrics) {
  const { service, ...rest } = deployment
  const state = { invocationCount: metrics.invocations(service), replicas: set.size, availableReplicas: set.available, createdAt }
  return { name: service, ...rest, namespace: NAMESPACE, ...state }
}
