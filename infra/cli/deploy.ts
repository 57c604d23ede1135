import { join } from 'node:path'
import { buildAll } from '../build/bundle.ts'
import { supervisorOf } from '../stack/claim.ts'
import { deployStack } from '../stack/deploy.ts'
import { beyondCommunity } from '../stack/edition.ts'
import { messageOf, Problem } from '../stack/problem.ts'
import { GATEWAY_USER, gatewayPassword, s3Secrets } from '../stack/secrets.ts'
import { ROOT, readSettings } from '../stack/settings.ts'
import { readStackFile } from '../stack/stack-file.ts'
import { applyStorage } from '../storage/apply.ts'
import { applyIndices } from '../storage/opensearch/apply.ts'

/** The servers of a stack that runs answer, or are just being started again. */
const WAIT_MS = 20_000

/** Brings functions of stack.yml (all, when none is named), with the streams and tables they need, to the stack that runs. */
export async function deploy(functions: readonly string[]): Promise<number> {
  const { data, urls, s3Keys, without } = readSettings()
  if (!supervisorOf(data)) throw new Problem(`no stack runs on ${data}: start one with \`trade2026 up\``)
  const { GATEWAY_URL: gatewayUrl, ...env } = urls
  await Promise.all([buildAll(), applyStorage(urls, s3Keys, WAIT_MS)])
  // One that has not come yet gets them when it does.
  if (!without.includes('opensearch')) await applyIndices(urls.OPENSEARCH_URL).catch((error) => console.error(`note: ${messageOf(error)}`))
  const options = {
    gatewayUrl,
    user: GATEWAY_USER,
    password: await gatewayPassword(data),
    stackFile: join(ROOT, 'stack.yml'),
    env,
    secrets: s3Secrets(s3Keys),
    without,
  }
  const onProgress = (service: string, state: string) => {
    if (state === 'ready') console.log(`${service} is ready: ${gatewayUrl}/function/${service}`)
  }
  for (const line of beyondCommunity(await readStackFile(options.stackFile, process.env)))
    console.error(`note: OpenFaaS Community Edition would not take this stack: ${line}`)
  await deployStack({ ...options, ...(functions.length > 0 && { only: functions }), onProgress })
  return 0
}
