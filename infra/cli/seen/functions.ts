import { quantileOf, type Sample, sumOf } from './exposition.ts'

/** A function as the gateway lists it. */
export type Listed = {
  readonly name: string
  readonly replicas: number
  readonly availableReplicas: number
  readonly invocationCount: number
  readonly annotations: Readonly<Record<string, string>>
}

/** What became of a function's calls since the gateway was started: those that ended with 5xx, and how long calls took. */
export type FunctionState = Omit<Listed, 'annotations'> & {
  readonly errors: number
  readonly p50Seconds: number | null
  readonly p99Seconds: number | null
}

/** @param samples - the gateway's metrics. */
export function functionStates(listed: readonly Listed[], samples: readonly Sample[]): FunctionState[] {
  return listed.map(({ name, replicas, availableReplicas, invocationCount }) => {
    const own = samples.filter(({ labels }) => labels.function_name?.startsWith(`${name}.`))
    const failed = own.filter(({ labels }) => labels.code?.startsWith('5'))
    const quantile = (share: number) => quantileOf(own, 'gateway_functions_seconds', share) ?? null
    const errors = sumOf(failed, 'gateway_function_invocation_total')
    return { name, replicas, availableReplicas, invocationCount, errors, p50Seconds: quantile(0.5), p99Seconds: quantile(0.99) }
  })
}
