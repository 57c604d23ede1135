import { type FunctionDeployment, NAMESPACE, routeOf } from './deployment.ts'

const PREFIX = '/function/'.length

/**
 * The function that a URL path `/function/NAME[.openfaas-fn][/rest][?query]` names, and what the function sees: `/rest?query`.
 * A name in another namespace stays whole, and so names no function.
 */
export function serviceOf(url: string): { service: string; rest: string } {
  let end = PREFIX
  while (end < url.length && url[end] !== '/' && url[end] !== '?') end++
  const name = url.slice(PREFIX, end)
  const service = name.endsWith(`.${NAMESPACE}`) ? name.slice(0, -NAMESPACE.length - 1) : name
  return { service, rest: url[end] === '/' ? url.slice(end) : `/${url.slice(end)}` }
}

/** The same of `/async-function/NAME...`. */
export const asyncServiceOf = (url: string) => serviceOf(`/function/${url.slice('/async-function/'.length)}`)

/** Which function answers under which path prefix (annotation `http.route`). */
export class RouteTable<T extends { readonly deployment: FunctionDeployment }> {
  #routes: { readonly prefix: string; readonly deployed: T }[] = []

  set(all: readonly T[]): void {
    const routes = all.map((deployed) => ({ prefix: routeOf(deployed.deployment.annotations) ?? '', deployed }))
    this.#routes = routes.filter(({ prefix }) => prefix !== '').sort((a, b) => b.prefix.length - a.prefix.length)
  }

  owner(prefix: string): T | undefined {
    return this.#routes.find((route) => route.prefix === prefix)?.deployed
  }

  /** The function with the longest prefix of a URL path, at the border of a segment, and the rest of the path as it sees it. */
  find(url: string): { deployed: T; rest: string } | undefined {
    for (const { prefix, deployed } of this.#routes) {
      if (!url.startsWith(prefix)) continue
      const rest = url.slice(prefix.length)
      if (rest === '' || rest[0] === '/' || rest[0] === '?') return { deployed, rest: rest[0] === '/' ? rest : `/${rest}` }
    }
    return undefined
  }
}
