import type { NatsConnection } from '@nats-io/transport-node'
import { connectNatsOnce } from '../../shared/adapters/nats/connect.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { supervisorOf } from '../stack/claim.ts'
import { identityOf } from '../stack/identity.ts'
import { type Progress, readProgress } from '../stack/progress.ts'
import { readRecords } from '../stack/record.ts'
import { readSchedules, type ScheduleState } from '../stack/schedules.ts'
import { GATEWAY_USER, gatewayPassword } from '../stack/secrets.ts'
import { readSettings, type Settings } from '../stack/settings.ts'
import type { Sample } from './seen/exposition.ts'
import { type FunctionState, functionStates, type Listed } from './seen/functions.ts'
import { type LakeState, lakeStates, lakeTable } from './seen/lake.ts'
import { readPage, readTarget } from './seen/page.ts'
import { functionTable, scheduleTable, spanOf, triggerTable } from './seen/tables.ts'
import { type TriggerState, triggerStates } from './seen/triggers.ts'
import { table } from './table.ts'

/** How long a server is asked for what is shown of it. */
const ASK_MS = 3000

type Status = {
  readonly running: boolean
  readonly data: string
  readonly urls: Settings['urls']
  readonly processes: readonly { name: string; pid: number; port: number | null; uptimeSeconds: number; restarts: number }[]
  readonly functions: readonly FunctionState[]
  readonly triggers: readonly TriggerState[]
  readonly progress: readonly Progress[]
  readonly schedules: readonly ScheduleState[]
  readonly lake: readonly LakeState[]
}

/** Shows what runs. @returns 0 when the stack runs, 3 when it does not (as service scripts say it). */
export async function status(options: { json?: boolean }): Promise<number> {
  const found = await readStatus(readSettings())
  if (options.json) console.log(JSON.stringify(found, null, 2))
  else for (const line of linesOf(found)) console.log(line)
  return found.running ? 0 : 3
}

async function readStatus(settings: Settings): Promise<Status> {
  const { data, urls } = settings
  const alive = readRecords(data).filter(({ pid, identity }) => identityOf(pid) === identity)
  const processes = alive.map(({ name, pid, port, startedAt, restarts }) => {
    return { name, pid, port: port ?? null, uptimeSeconds: Math.round((Date.now() - Date.parse(startedAt)) / 1000), restarts }
  })
  const running = supervisorOf(data) !== undefined
  // What cannot be asked now (a server that just starts again) is left out: the processes above say why.
  const listed = running ? await readListed(settings).catch(() => []) : []
  const progress = running ? await withConnection(urls.NATS_URL, readProgress).catch(() => []) : []
  const triggerPorts = alive.flatMap(({ name, port }) => (name.startsWith('trigger-') && port !== undefined ? [port] : []))
  const [ofGateway, ...ofTriggers] = await Promise.all(
    running ? [settings.ports.gatewayMetrics, ...triggerPorts].map((port) => readPage(port, ASK_MS)) : [],
  )
  const functions = functionStates(listed, ofGateway ?? [])
  const triggers = triggerStates(listed, ofTriggers.flat(), progress)
  const askSchedules = (connection: NatsConnection) => readSchedules(connection, Date.now())
  const schedules = running ? await withConnection(urls.NATS_URL, askSchedules).catch(() => []) : []
  const lake = running ? lakeStates(await readFunction(settings, 'lake-upkeep').catch(() => [])) : []
  return { running, data, urls: shown(urls), processes, functions, triggers, progress, schedules, lake }
}

/** Addresses as they may be shown. */
const shown = (urls: Settings['urls']): Settings['urls'] => ({
  NATS_URL: shownAddress(urls.NATS_URL),
  VALKEY_URL: shownAddress(urls.VALKEY_URL),
  QUESTDB_URL: shownAddress(urls.QUESTDB_URL),
  S3_URL: shownAddress(urls.S3_URL),
  OPENSEARCH_URL: shownAddress(urls.OPENSEARCH_URL),
  GATEWAY_URL: shownAddress(urls.GATEWAY_URL),
})

const readListed = async (settings: Settings): Promise<Listed[]> => {
  const list = await readSystem<(Omit<Listed, 'annotations'> & { annotations?: Listed['annotations'] | null })[]>(settings, 'functions')
  return list.map(({ annotations, ...rest }) => ({ ...rest, annotations: annotations ?? {} }))
}

/** The metrics of a function's first replica: one that has more is not shown here. */
const readFunction = async (settings: Settings, name: string): Promise<Sample[]> => {
  const targets = await readSystem<{ targets: [string]; labels: { function: string } }[]>(settings, 'targets')
  const found = targets.find(({ labels }) => labels.function === name)
  return found ? readTarget(found.targets[0], ASK_MS) : []
}

const readSystem = async <T>({ data, urls }: Settings, what: string): Promise<T> => {
  const authorization = `Basic ${Buffer.from(`${GATEWAY_USER}:${await gatewayPassword(data)}`).toString('base64')}`
  const response = await fetch(`${urls.GATEWAY_URL}/system/${what}`, { headers: { authorization }, signal: AbortSignal.timeout(ASK_MS) })
  return (await response.json()) as T
}

const withConnection = async <T>(url: string, use: (connection: NatsConnection) => Promise<T>): Promise<T> => {
  const connection = await connectNatsOnce({ NATS_URL: url }, 'status', ASK_MS)
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

const linesOf = ({ running, data, urls, processes, functions, triggers, schedules, lake }: Status): string[] => {
  if (!running && processes.length === 0) return [`nothing runs on ${data}`]
  const head = running
    ? `running on ${data}, gateway ${urls.GATEWAY_URL}`
    : `the supervisor on ${data} was killed: \`trade2026 down\` stops what it left`
  return [
    head,
    ...table(
      ['process', 'pid', 'port', 'up', 'restarts'],
      processes.map(({ name, pid, port, uptimeSeconds, restarts }) => [
        name,
        `${pid}`,
        `${port ?? '-'}`,
        spanOf(uptimeSeconds),
        `${restarts}`,
      ]),
    ),
    ...functionTable(functions),
    ...triggerTable(triggers),
    ...scheduleTable(schedules),
    ...lakeTable(lake),
  ]
}
