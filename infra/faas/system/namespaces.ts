import { NAMESPACE } from '../deployment.ts'
import type { Handler } from './call.ts'

export const listNamespaces: Handler = () => ({ status: 200, json: [NAMESPACE] })

/** A provider without namespaces answers so, and with 405 to whoever would make or change one. */
export const describeNamespace: Handler = () => ({
  status: 501,
  text: `there is one namespace, ${NAMESPACE}, and nothing more to say of it`,
})
