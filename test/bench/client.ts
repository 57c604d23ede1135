import type { Stack } from '../../infra/stack/stack.ts'
import type { Positions } from '../../shared/contract/batch.ts'
import { sequenceOf } from '../../shared/domain/version.ts'

type Texts = Readonly<Record<string, string>>
type Deployed = { name: string; image: string; annotations?: Texts; envVars?: Texts; [key: string]: unknown }

const api = async (stack: Stack, path: string, init: RequestInit = {}): Promise<Response> => {
  const authorization = `Basic ${Buffer.from(`${stack.user}:${stack.password}`).toString('base64')}`
  const answer = await fetch(stack.urls.GATEWAY_URL + path, { ...init, headers: { authorization, 'content-type': 'application/json' } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** The least sequence that every slot of a stream has been applied up to; 0 before the first batch. */
export async function appliedUpTo(stack: Stack, name: string, stream: string): Promise<number> {
  const answer = await fetch(`${stack.urls.GATEWAY_URL}/function/${name}/positions?stream=${stream}`)
  if (!answer.ok) return 0
  const { positions } = (await answer.json()) as { positions: Positions }
  return Math.min(...Object.values(positions).map((position) => (position ? sequenceOf(position.version) : 0)))
}

/** The metrics page of a function's replica. */
export const metricsOf = async (stack: Stack, name: string): Promise<string> =>
  (await fetch(`${stack.urls.GATEWAY_URL}/function/${name}/metrics`)).text()

/** Redeploys a function with other annotations and environment, as `faas-cli deploy --annotation --env` does; another environment takes a new process. */
export async function redeploy(stack: Stack, name: string, { annotations = {}, envVars = {} }: { annotations?: Texts; envVars?: Texts }) {
  const status = (await (await api(stack, `/system/function/${name}`)).json()) as Deployed
  const { name: service, ...rest } = status
  const body = { ...rest, service, annotations: { ...status.annotations, ...annotations }, envVars: { ...status.envVars, ...envVars } }
  await api(stack, '/system/functions', { method: 'PUT', body: JSON.stringify(body) })
}

/** Removes functions, so that nothing but what is measured reads the stream. */
export async function remove(stack: Stack, names: readonly string[]): Promise<void> {
  for (const functionName of names) await api(stack, '/system/functions', { method: 'DELETE', body: JSON.stringify({ functionName }) })
}

/** Asks again, without a pause beyond `everyMs`, until `look` gives something. @throws {Error} after `ms`. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, { ms = 120_000, everyMs = 10 } = {}): Promise<T> {
  const deadline = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
