import * as z from 'zod'
import { readBody } from '../body.ts'
import { NAMESPACE, Refusal } from '../deployment.ts'
import { type Handler, Namespace, type SystemCall } from './call.ts'

/** Kubernetes' limit of one secret. */
const MAX_BYTES = 1024 * 1024
/** faas-cli sends a file twice, as text (six bytes for one, at worst) and in base64. */
const MAX_BODY_BYTES = 8 * MAX_BYTES

/** `rawValue` (any bytes, base64) goes before `value` (text) where both are given. */
const Secret = z.object({ name: z.string(), namespace: Namespace, value: z.string().nullish(), rawValue: z.base64().nullish() })

const read = async ({ request }: SystemCall): Promise<{ name: string; value: Buffer }> => {
  const { name, value, rawValue } = await readBody(request, Secret, MAX_BODY_BYTES)
  const bytes = rawValue ? Buffer.from(rawValue, 'base64') : Buffer.from(value ?? '')
  if (bytes.length > MAX_BYTES) throw new Refusal(413, `secret ${name} is larger than ${MAX_BYTES} bytes`)
  return { name, value: bytes }
}

const readValue = async (call: SystemCall): Promise<{ name: string; value: Buffer }> => {
  const secret = await read(call)
  if (secret.value.length === 0) throw new Refusal(400, `secret ${secret.name} has no value`)
  return secret
}

/** Names only: a value is never shown. */
export const listSecrets: Handler = ({ secrets }) => ({
  status: 200,
  json: secrets.list().map((name) => ({ name, namespace: NAMESPACE })),
})

export const createSecret: Handler = async (call) => {
  const { name, value } = await readValue(call)
  call.secrets.create(name, value)
  return { status: 202 }
}

export const updateSecret: Handler = async (call) => {
  const { name, value } = await readValue(call)
  call.secrets.update(name, value)
  return { status: 202 }
}

export const removeSecret: Handler = async (call) => {
  call.secrets.remove((await read(call)).name)
  return { status: 202 }
}
