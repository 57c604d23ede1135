import { createServer } from 'node:http'
import { collectDefaultMetrics } from 'prom-client'
import { natsConfig } from '../shared/adapters/nats/config.ts'
import { connectNats } from '../shared/adapters/nats/connect.ts'
import { natsControl } from '../shared/adapters/nats/control.ts'
import { natsDurable } from '../shared/adapters/nats/durable.ts'
import { natsPublisher } from '../shared/adapters/nats/publisher.ts'
import { natsStream } from '../shared/adapters/nats/stream.ts'
import { CONTROL_BUCKET } from '../shared/contract/streams.ts'
import { keepCompiled } from '../shared/runtime/compile-cache.ts'
import { loadConfig } from '../shared/runtime/config.ts'
import { createLog } from '../shared/runtime/log.ts'
import { createMetrics } from '../shared/runtime/metrics.ts'
import { readSecret } from '../shared/runtime/secret.ts'
import { Troubles } from '../shared/runtime/trouble.ts'
import { forgetAcked } from './acked/forget.ts'
import { functionOfQueue, isQueueName } from './async/queues.ts'
import { runAsync } from './async/run.ts'
import { triggerConfig } from './config.ts'
import { BrokerClock } from './cron/broker-clock.ts'
import { callThrough } from './cron/call.ts'
import { scheduleMetrics } from './cron/metrics.ts'
import { Schedules } from './cron/schedules.ts'
import { forgetAbsent } from './forget.ts'
import { createInvoke } from './invoke.ts'
import { triggerMetrics } from './metrics.ts'
import { Roster } from './positioned/roster.ts'
import { runTrigger } from './run.ts'
import type { Running } from './running.ts'
import type { Trigger } from './trigger.ts'
import { changesOf, type Listed, listTriggers } from './watch.ts'

const config = loadConfig({ ...natsConfig, ...triggerConfig })

const BEAT_MS = 1000
const POLL_MS = 1000
const FIRST_POLL_MS = 50
const STOP_MS = 14_000
/** How often functions that are gone are looked for, at most. */
const FORGET_MS = 60_000

keepCompiled()
const log = createLog(config.TRIGGER_ID)
const metrics = createMetrics(config.TRIGGER_ID)
collectDefaultMetrics({ register: metrics })
const troubles = new Troubles(log)
const nats = connectNats(config, config.TRIGGER_ID, troubles)
const control = natsControl(nats)
const roster = new Roster(control, config.TRIGGER_ID, troubles)
const publisher = natsPublisher(nats)
/** At the last question. */
let gatewayAnswers = false
const connected = () => ({ nats: nats.now() !== undefined, gateway: gatewayAnswers })
const deps = {
  nats,
  control,
  roster,
  log,
  troubles,
  holder: config.TRIGGER_ID,
  publisher,
  invoke: createInvoke(config.GATEWAY_URL),
  metrics: triggerMetrics(metrics, connected),
}

const bucket = natsStream(nats, `KV_${CONTROL_BUCKET}`)
const ofSchedules = scheduleMetrics(metrics)
const schedules = new Schedules({
  control,
  publisher,
  log,
  troubles,
  holder: config.TRIGGER_ID,
  call: callThrough(config.GATEWAY_URL),
  metrics: ofSchedules,
  clock: new BrokerClock({ ask: async () => (await bucket.state()).nowMs, own: Date.now, onAhead: ofSchedules.clockAhead, log }),
})

const running = new Map<string, { readonly trigger: Trigger; readonly run: Running }>()
/** Triggers that finish their last calls. */
const ending = new Map<string, Promise<void>>()
const told = new Map<string, string>()
/** All functions that there are, as they were listed last. */
let all: readonly Listed[] = []
/** Functions that have a trigger, understood or not. */
let present: ReadonlySet<string> = new Set()
/** Whether functions may have gone whose lanes have left something. So it is at the start. */
let someAreGone = true
let stopped = false

/** @param before - when they were asked for the last time before this. */
function apply(listed: readonly Listed[], before: number): void {
  all = listed
  for (const { name, problem } of listed) {
    if (problem !== undefined && told.get(name) !== problem) log.error({ function: name, problem }, 'a trigger is not understood')
    told.set(name, problem ?? '')
  }
  const reading = new Set(listed.flatMap(({ name, trigger, problem }) => (trigger || problem !== undefined ? [name] : [])))
  someAreGone ||= [...present].some((name) => !reading.has(name))
  present = reading
  schedules.apply(listed)
  if (nats.now()) void schedules.forget(listed)
  const wanted = listed.flatMap(({ trigger }) => trigger ?? [])
  const { stop, start } = changesOf(new Map([...running].map(([name, { trigger }]) => [name, trigger])), wanted)
  for (const name of stop) ending.set(name, end(name))
  for (const trigger of start) {
    log.info(trigger, 'a trigger begins')
    running.set(trigger.functionName, { trigger, run: runTrigger(deps, trigger, before, ending.get(trigger.functionName)) })
  }
}

async function end(name: string): Promise<void> {
  const one = running.get(name)
  running.delete(name)
  await one?.run.stop()
  log.info({ function: name }, 'a trigger ended')
}

/** Once the lanes of functions that are gone have ended, so that none writes after it. */
async function forget(): Promise<void> {
  if (!someAreGone || !nats.now()) return
  someAreGone = false
  await Promise.all(ending.values())
  const work = async () => {
    const keys = await forgetAbsent(control, (name) => present.has(name) || isQueueName(name))
    if (keys.length > 0) log.info({ keys }, 'functions that are gone are no readers any more')
  }
  if (!(await troubles.watch('forgetting functions that are gone', work()))) someAreGone = true
}

/** What acked functions that are gone for good have left, and asynchronous calls' queues. Only while the gateway tells which functions there are. */
async function forgetLongGone(): Promise<void> {
  if (!gatewayAnswers || !nats.now()) return
  const isWanted = (name: string, stream: string) =>
    isQueueName(name)
      ? all.some((one) => one.name === functionOfQueue(name))
      : all.some(
          (one) => one.name === name && (one.problem !== undefined || (one.trigger?.delivery === 'acked' && one.trigger.stream === stream)),
        )
  const durable = (stream: string, name: string) => natsDurable(nats, stream, `acked-${name}`)
  const found = await forgetAcked({ control, durable, isWanted, isEmptiedFirst: isQueueName }, Date.now(), config.TRIGGER_FORGET_AFTER_MS)
  if (found.length > 0) log.info({ found }, 'functions that are gone for long are forgotten')
}

async function watch(): Promise<void> {
  // Read each time: the file may be renewed.
  const secret = (name: string) => readSecret(name, config.SECRETS_DIR)
  const authorization = () => `Basic ${Buffer.from(`${secret('basic-auth-user')}:${secret('basic-auth-password')}`).toString('base64')}`
  let before = performance.now()
  for (let failures = 0; !stopped; ) {
    try {
      const askedMs = performance.now()
      const listed = await listTriggers(config.GATEWAY_URL, authorization())
      apply(listed, before)
      before = askedMs
      deps.metrics.invalid(listed.filter(({ problem }) => problem !== undefined).length)
      gatewayAnswers = true
      void forget()
      failures = 0
    } catch (error) {
      gatewayAnswers = false
      if (failures++ % 60 === 0) log.warn({ err: error }, 'the gateway is not there')
    }
    await new Promise((resolve) => setTimeout(resolve, failures > 0 && running.size === 0 ? FIRST_POLL_MS : POLL_MS))
  }
}

const server = createServer(async (req, res) => {
  if (req.url === '/_/health') return res.end('ok')
  if (req.url === '/_/ready') {
    const away = Object.entries(connected()).flatMap(([server, answers]) => (answers ? [] : [server]))
    return res.writeHead(away.length === 0 ? 200 : 503).end(away.length === 0 ? 'ready' : `not ready: ${away.join(', ')}`)
  }
  if (req.url !== '/metrics') return res.writeHead(404).end()
  res.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.metrics())
})
server.once('error', (err) => {
  log.error({ err }, 'cannot listen')
  process.exit(1)
})
server.listen(config.TRIGGER_METRICS_PORT, config.HOST, () => log.info({ address: server.address() }, 'listening'))

async function stop(): Promise<void> {
  if (stopped) return
  stopped = true
  clearInterval(beating)
  clearInterval(missing)
  clearInterval(forgetting)
  setTimeout(() => process.exit(1), STOP_MS).unref()
  await Promise.all([schedules.stop(), ...ending.values(), ...[...running.keys()].map(end), asynchronous.stop()])
  if (nats.now()) await troubles.watch('leaving the roster', roster.leave())
  await nats.close()
  log.info('stopped')
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

const asynchronous = runAsync(deps, config.GATEWAY_URL)
const missing = setInterval(() => nats.now() ?? log.warn('NATS is not there'), 10_000)
const forgetting = setInterval(
  () => void troubles.watch('forgetting functions that are gone for long', forgetLongGone()),
  Math.max(POLL_MS, Math.min(FORGET_MS, config.TRIGGER_FORGET_AFTER_MS)),
)
const beating = setInterval(() => void roster.beat(performance.now()), BEAT_MS)
void nats.there().then(() => roster.beat(performance.now()))
void watch()
