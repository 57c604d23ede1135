const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/**
 * An amount of memory in bytes, rounded up, as Kubernetes writes it: `128Mi`, `1.5G`, `1e9`, or a bare number. Undefined when it is none.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function bytesOf(text: string): number | undefined {
  const [, count, suffix = ''] = /^(\d+(?:\.\d*)?|\.\d+)([a-zA-Z]{0,2}|[eE][+-]?\d{1,2})$/.exec(text) ?? []
  const factor = factorOf(suffix)
  const bytes = Math.ceil(Number(count) * (factor ?? Number.NaN))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

function factorOf(suffix: string): number | undefined {
  if (/^[eE][+-]?\d/.test(suffix)) return 10 ** Number(suffix.slice(1))
  if (suffix === 'm') return 1e-3
  if (DECIMAL.includes(suffix)) return 1000 ** DECIMAL.indexOf(suffix)
  return BINARY.includes(suffix) ? 1024 ** BINARY.indexOf(suffix) : undefined
}
