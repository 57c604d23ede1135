import { type FunctionDeployment, Refusal } from './deployment.ts'
import { durationMs } from './duration.ts'
import { watchdogOf } from './watchdog.ts'

/** Between what bounds a function is scaled, and by what. */
export type ScaleRule = {
  readonly min: number
  readonly max: number
  /** Calls in flight that one replica is meant to have at most. */
  readonly target: number
  /** By how many per cent of the most replicas an alert scales up. */
  readonly alertPercent: number
  /** After how long without a call no replica is kept; null: never. */
  readonly zeroAfterMs: number | null
}

const PREFIX = 'scale.'
const USUAL_TARGET = 10
/** Below the limit of calls, so that there is another replica before callers are refused. */
const TARGET_OF_LIMIT = 0.7

/**
 * Reads labels `com.openfaas.scale.min`, `.max` and `.factor` (OpenFaaS CE's defaults and bounds) and our annotations `scale.target` and
 * `scale.zero-after`, which OpenFaaS does not read: its own labels for them are of the paid edition, and the other one refuses them.
 * @throws {Refusal} 400, also at an annotation `scale.*` that is none of these.
 */
export function scaleRuleOf(deployment: FunctionDeployment): ScaleRule {
  const { labels, annotations } = deployment
  const min = boundOf(labels, 'com.openfaas.scale.min', 1)
  const { maxInFlight, fixedPort } = watchdogOf(deployment)
  const max = fixedPort === null ? boundOf(labels, 'com.openfaas.scale.max', 5) : 1
  if (min > max && fixedPort !== null) throw new Refusal(400, `with upstream_url there is one replica, on port ${fixedPort}`)
  if (min > max) throw new Refusal(400, `label com.openfaas.scale.min (${min}) is above com.openfaas.scale.max (${max})`)
  const { target, 'zero-after': zeroAfter, ...unknown } = ownOf(annotations)
  for (const key in unknown) throw new Refusal(400, `annotation ${PREFIX}${key} is unknown: there are scale.target and scale.zero-after`)
  return {
    min,
    max,
    target: target === undefined ? Math.min(USUAL_TARGET, maxInFlight * TARGET_OF_LIMIT) : targetOf(target),
    alertPercent: alertPercentOf(labels),
    zeroAfterMs: zeroAfter === undefined ? null : zeroAfterOf(zeroAfter),
  }
}

const ownOf = (annotations: FunctionDeployment['annotations']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations ?? {}).flatMap(([key, value]) => (key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), value]] : [])),
  )

function boundOf(labels: FunctionDeployment['labels'], key: string, absent: number): number {
  const text = labels?.[key] ?? String(absent)
  if (!/^[1-5]$/.test(text)) throw new Refusal(400, `label ${key} is "${text}": a number from 1 to 5 is needed`)
  return Number(text)
}

function alertPercentOf(labels: FunctionDeployment['labels']): number {
  const key = 'com.openfaas.scale.factor'
  const text = labels?.[key] ?? '10'
  // CE's gateway deploys such a function, and then fails every call of it.
  if (!/^([1-9]\d?|100)$/.test(text)) throw new Refusal(400, `label ${key} is "${text}": a number from 1 to 100 is needed`)
  return Number(text)
}

function targetOf(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new Refusal(400, `annotation scale.target is "${text}": how many calls in flight a replica is meant to have, 1 or more`)
}

function zeroAfterOf(text: string): number {
  const ms = durationMs(text)
  if (ms !== undefined && ms >= 1_000) return ms
  throw new Refusal(400, `annotation scale.zero-after is "${text}": a duration of at least 1s, like 5m, is needed`)
}
