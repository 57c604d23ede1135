import { NAMESPACE } from './deployment.ts'

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
