import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../../infra/stack/cache.ts'
import { installer } from '../../infra/stack/install/install.ts'
import { freePorts } from '../../infra/stack/ports.ts'
import { StackProcess } from '../../infra/stack/process.ts'
import { SERVER_NAMES, type ServerName, serverSpec, serverUrl } from '../../infra/stack/servers.ts'
import { INNER_PORTS } from '../../infra/stack/services/s3.ts'

export type TestServers = {
  /** The address of each server started, by the name of the setting that holds it. */
  readonly urls: {
    readonly NATS_URL: string
    readonly VALKEY_URL: string
    readonly QUESTDB_URL: string
    readonly S3_URL: string
    readonly OPENSEARCH_URL: string
  }
  /** Each server started: `kill('SIGKILL')`, `pid`, `restart()`, `untilHealthy()`. A killed one comes back by itself. */
  readonly processes: Readonly<Record<ServerName, StackProcess>>
  /** The temporary folder with their data and logs. */
  readonly folder: string
  stop(): Promise<void>
}

/**
 * Starts real servers for a test file, on free ports, in a temporary folder; call it in `beforeAll` and `stop` in `afterAll`.
 * A server not asked for has an address at which nothing listens.
 */
export async function startServers(wanted: Partial<Record<ServerName, boolean>>): Promise<TestServers> {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-test-'))
  const first = await freePorts(8 + INNER_PORTS)
  const ports = {
    nats: first,
    natsMonitor: first + 1,
    valkey: first + 2,
    questdb: first + 3,
    questdbPg: first + 4,
    s3: first + 5,
    opensearch: first + 6,
    opensearchTransport: first + 7,
    s3Inner: first + 8,
  }
  const install = installer({ cache: cacheFolder() })
  const names = SERVER_NAMES.filter((name) => wanted[name])
  const made = await Promise.all(
    names.map(async (name) => new StackProcess(await serverSpec(name, { state: folder, ports, install }), folder, () => {})),
  )
  const stop = async () => {
    const stopped = Promise.all(made.map((server) => server.stop()))
    // It never ends in good order within its time, and its data goes with it.
    made.find(({ name }) => name === 's3')?.kill('SIGKILL')
    await stopped
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(made.map((server) => server.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    urls: {
      NATS_URL: serverUrl('nats', ports),
      VALKEY_URL: serverUrl('valkey', ports),
      QUESTDB_URL: serverUrl('questdb', ports),
      S3_URL: serverUrl('s3', ports),
      OPENSEARCH_URL: serverUrl('opensearch', ports),
    },
    processes: Object.fromEntries(made.map((server) => [server.name, server])) as Record<ServerName, StackProcess>,
    folder,
    stop,
  }
}
