import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { Problem } from './problem.ts'

/** What a stack file's text may be: YAML scalars become strings, as in faas-cli. */
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? '' : String(value)))
const Texts = z.record(z.string(), Scalar).nullish()
const List = z.array(Scalar).nullish()
const Resources = z.object({ memory: Scalar.optional(), cpu: Scalar.optional() }).nullish()

const StackFile = z.object({
  version: z.enum(['1.0', '']).nullish(),
  provider: z.object({ name: z.literal('openfaas') }),
  functions: z.record(
    z.string(),
    z.object({
      image: z.string(),
      fprocess: z.string().nullish(),
      environment: Texts,
      environment_file: List,
      secrets: List,
      constraints: List,
      labels: Texts,
      annotations: Texts,
      limits: Resources,
      requests: Resources,
      readonly_root_filesystem: z.boolean().nullish(),
      namespace: z.string().nullish(),
    }),
  ),
})
const EnvironmentFile = z.object({ environment: Texts })

/** One function as it is sent to a gateway. */
export type StackFunction = {
  readonly service: string
  readonly image: string
  readonly envVars: Record<string, string>
  readonly annotations: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly [field: string]: unknown
}

/**
 * Reads a stack file the way faas-cli does: variables first, over the whole text; then YAML; then each `environment_file` over `environment`.
 * @param env - what `${VAR}` stands for.
 * @throws {Problem} naming file and field.
 */
export async function readStackFile(path: string, env: NodeJS.ProcessEnv): Promise<StackFunction[]> {
  const stack = await readYaml(path, StackFile, env)
  const functions = Object.entries(stack.functions).map(async ([service, f]) => {
    const files = (f.environment_file ?? []).map((file) => readYaml(join(dirname(path), file), EnvironmentFile, env))
    const environments = await Promise.all(files)
    const envVars = Object.assign({}, f.environment, ...environments.map(({ environment }) => environment))
    return {
      service,
      image: tagged(f.image),
      ...(f.namespace ? { namespace: f.namespace } : {}),
      ...(f.fprocess ? { envProcess: f.fprocess } : {}),
      envVars,
      labels: f.labels ?? {},
      annotations: f.annotations ?? {},
      ...(f.secrets ? { secrets: f.secrets } : {}),
      ...(f.constraints ? { constraints: f.constraints } : {}),
      ...(f.limits ? { limits: f.limits } : {}),
      ...(f.requests ? { requests: f.requests } : {}),
      ...(f.readonly_root_filesystem ? { readOnlyRootFilesystem: true } : {}),
    }
  })
  return Promise.all(functions)
}

/**
 * Puts variables into a text as faas-cli's engine does: `${VAR}`, and with a default `${VAR:-x}`, `${VAR:=x}`, `${VAR=x}`, also when it is empty; an unset one
 * without default becomes empty, `$$` a dollar, `\\` one backslash; a bare `$VAR` stays.
 * @throws {Problem} at any other form of `${`.
 */
export function substitute(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/\$\$|\\\\|\$\{([^}]*)\}/g, (whole, form: string | undefined) => {
    if (form === undefined) return whole[0]!
    const [, name, absent = ''] = /^([A-Za-z_]\w*)(?:(?::-|:=|=)(.*))?$/.exec(form) ?? []
    if (name === undefined)
      throw new Problem(`${whole}: only \${VAR}, \${VAR:-default}, \${VAR:=default} and \${VAR=default} are understood`)
    return env[name] || absent
  })
}

/** An image without a tag means its newest one. */
const tagged = (image: string) => (image.slice(image.lastIndexOf('/') + 1).includes(':') ? image : `${image}:latest`)

async function readYaml<T>(path: string, schema: z.ZodType<T>, env: NodeJS.ProcessEnv): Promise<T> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Problem(`${path} cannot be read`)
  })
  try {
    return schema.parse(parse(substitute(text, env)))
  } catch (error) {
    throw new Problem(`${path}: ${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}`)
  }
}
