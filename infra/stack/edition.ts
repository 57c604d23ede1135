import type { StackFunction } from './stack-file.ts'

/** What OpenFaaS's Community Edition takes. The stack of this repository leaves one function to its user. */
export const MOST_FUNCTIONS = 15
const MOST_REPLICAS = 5
/** Of OpenFaaS's own labels those that it knows; it refuses the others, or they are of no use to it. */
const FREE_LABELS = new Set(['com.openfaas.scale.min', 'com.openfaas.scale.max', 'com.openfaas.scale.factor'])
const NAMESPACE = 'openfaas-fn'

/**
 * What keeps a stack from OpenFaaS's Community Edition (faasd, or its chart for Kubernetes), one line each; none where it takes all of it.
 * The local host takes more functions than that.
 */
export function beyondCommunity(functions: readonly StackFunction[]): string[] {
  const all = functions.length > MOST_FUNCTIONS ? [`${functions.length} functions: it takes ${MOST_FUNCTIONS}`] : []
  return [...all, ...functions.flatMap((one) => ofFunction(one).map((line) => `${one.service}: ${line}`))]
}

function ofFunction({ namespace, labels }: StackFunction): string[] {
  const own = Object.entries((labels ?? {}) as Readonly<Record<string, string>>).filter(([label]) => label.startsWith('com.openfaas.'))
  return [
    ...(namespace !== undefined && namespace !== NAMESPACE ? [`namespace ${namespace}: it has ${NAMESPACE} only`] : []),
    ...own.flatMap(([label, value]) => {
      if (!FREE_LABELS.has(label)) return [`label ${label} is of the paid edition`]
      if (label !== 'com.openfaas.scale.factor' && !isReplicas(value)) return [`label ${label} is ${value}: it takes 1 to ${MOST_REPLICAS}`]
      return []
    }),
  ]
}

const isReplicas = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_REPLICAS
