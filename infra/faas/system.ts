import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authorize } from './auth.ts'
import { Refusal, refuseOtherNamespace } from './deployment.ts'
import { reply } from './reply.ts'
import { alert } from './system/alert.ts'
import type { Handler, Managed } from './system/call.ts'
import { deploy, describe, list, remove, scale, targets } from './system/functions.ts'
import { info } from './system/info.ts'
import { logs } from './system/logs.ts'
import { describeNamespace, listNamespaces } from './system/namespaces.ts'
import { createSecret, listSecrets, removeSecret, updateSecret } from './system/secrets.ts'

/** By resource, with a `/` where a name follows, and method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  functions: { GET: list, POST: deploy, PUT: deploy, DELETE: remove },
  'function/': { GET: describe },
  'scale-function/': { POST: scale },
  alert: { POST: alert },
  logs: { GET: logs },
  secrets: { GET: listSecrets, POST: createSecret, PUT: updateSecret, DELETE: removeSecret },
  namespaces: { GET: listNamespaces },
  'namespace/': { GET: describeNamespace },
  targets: { GET: targets },
  info: { GET: info },
}

/** Answers OpenFaaS's management API, everything below `/system/`, behind basic auth. */
export async function answerSystem(
  managed: Managed & { readonly authorize: Authorize },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!managed.authorize(request.headers.authorization)) {
    request.resume()
    return reply(response, 401, 'invalid credentials', { 'WWW-Authenticate': 'Basic realm="Restricted"' })
  }
  try {
    const { pathname, searchParams: query } = new URL(request.url!, 'http://gateway')
    const { handler, name } = routeOf(request.method!, pathname)
    refuseOtherNamespace(query.get('namespace'))
    const answer = await handler({ ...managed, request, response, query, name })
    request.resume()
    if (answer?.json !== undefined) reply(response, answer.status, JSON.stringify(answer.json), { 'Content-Type': 'application/json' })
    else if (answer) reply(response, answer.status, answer.text)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    request.resume()
    reply(response, error.status, error.message)
  }
}

function routeOf(method: string, pathname: string): { handler: Handler; name: string } {
  const [, resource, slash, name] = /^\/system\/([^/]+)(?:(\/)([^/]*))?$/.exec(pathname) ?? []
  const methods = ROUTES[`${resource}${slash ?? ''}`]
  if (!methods) throw new Refusal(404, `nothing at ${pathname}`)
  const handler = methods[method]
  if (!handler) throw new Refusal(405, `method ${method} is not allowed at ${pathname}`)
  return { handler, name: name ?? '' }
}
