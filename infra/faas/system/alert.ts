import * as z from 'zod'
import { readBody } from '../body.ts'
import { NAMESPACE, Refusal } from '../deployment.ts'
import type { Deployments } from '../deployments.ts'
import { scaleRuleOf } from '../scale-rule.ts'
import type { Handler } from './call.ts'

/** What Alertmanager's webhook sends, as far as it matters here. @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const Alerts = z.object({ alerts: z.array(z.object({ status: z.string(), labels: z.object({ function_name: z.string() }) })) })
type Alert = z.infer<typeof Alerts>['alerts'][number]

/** A firing alert adds replicas by the function's labels, any other brings it back to its least number. What fails is told by its place in the list. */
export const alert: Handler = async ({ deployments, request }) => {
  const { alerts } = await readBody(request, Alerts)
  const failed = alerts.flatMap((one, i) => {
    try {
      act(deployments, one)
      return []
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return [`${i}: ${error.message}`]
    }
  })
  return failed.length === 0 ? { status: 200 } : { status: 500, text: failed.join('\n') }
}

function act(deployments: Deployments, { status, labels }: Alert): void {
  const name = labels.function_name
  const service = name.endsWith(`.${NAMESPACE}`) ? name.slice(0, -NAMESPACE.length - 1) : name
  const deployed = deployments.get(service)
  if (!deployed) throw new Refusal(404, `function ${name} is not deployed`)
  const { min, max, alertPercent } = scaleRuleOf(deployed.deployment)
  const now = Math.max(deployed.replicas, deployed.set.size)
  deployments.scale(service, status === 'firing' ? now + Math.ceil((max * alertPercent) / 100) : min)
}
