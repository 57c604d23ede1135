const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/**
 * An amount as Kubernetes writes it: `128Mi`, `1.5G`, `1e9`, `100m`, or a bare number. Undefined when it is none.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
function amountOf(text: string): number | undefined {
  const [, count, suffix = ''] = /^(\d+(?:\.\d*)?|\.\d+)([a-zA-Z]{0,2}|[eE][+-]?\d{1,2})$/.exec(text) ?? []
  const amount = Number(count) * (factorOf(suffix) ?? Number.NaN)
  return Number.isFinite(amount) ? amount : undefined
}

/** An amount of memory in bytes, rounded up; undefined when it is none. */
export function bytesOf(text: string): number | undefined {
  const bytes = Math.ceil(amountOf(text) ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Each step of niceness is a quarter more or less of the cores (sched(7)). */
const NICE_STEP = 1.25
const MOST_NICE = 19

/**
 * How nice a process has to be to get what a container with this request of cores gets, when there are not enough for all: a whole core is the weight of
 * niceness 0, in Kubernetes as in the kernel (1024). Undefined when it is no amount.
 */
export function nicenessOf(cores: string): number | undefined {
  const amount = amountOf(cores)
  if (amount === undefined || amount <= 0) return undefined
  return Math.min(MOST_NICE, Math.max(0, Math.round(Math.log(1 / amount) / Math.log(NICE_STEP))))
}

function factorOf(suffix: string): number | undefined {
  if (/^[eE][+-]?\d/.test(suffix)) return 10 ** Number(suffix.slice(1))
  if (suffix === 'm') return 1e-3
  if (DECIMAL.includes(suffix)) return 1000 ** DECIMAL.indexOf(suffix)
  return BINARY.includes(suffix) ? 1024 ** BINARY.indexOf(suffix) : undefined
}
