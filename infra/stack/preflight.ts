import { setTimeout as sleep } from 'node:timers/promises'
import { isFree, takesConnections } from './ports.ts'
import { Problem } from './problem.ts'
import { SERVER_NAMES, type ServerName } from './servers.ts'
import { INNER_PORTS } from './services/s3.ts'
import { PORT_SETTINGS, type Ports, type Settings } from './settings.ts'

type Patience = { readonly waitMs: number; readonly say: (line: string) => void }

const LOOK_AGAIN_MS = 50

/**
 * Finds ports in use before anything starts.
 * @param patience - how long those in use are waited for: the system closes the ports of a process that was killed a little after its end.
 * @throws {Problem} naming each with the setting that moves it.
 */
export async function portsFree(settings: Settings, { waitMs, say }: Patience = { waitMs: 0, say: () => {} }): Promise<void> {
  const deadline = performance.now() + waitMs
  let taken = await takenPorts(settings)
  if (taken.length > 0 && waitMs > 0) say(`waiting until what was stopped has closed port ${taken.join(', port ')}`)
  while (taken.length > 0 && performance.now() < deadline) {
    await sleep(LOOK_AGAIN_MS)
    taken = await takenPorts(settings)
  }
  if (taken.length > 0)
    throw new Problem(`in use already: port ${taken.join(', port ')}; stop what uses it, or set another port in the variable named`)
}

/** The ports of the stack that something listens on, each with its setting. */
async function takenPorts({ ports, given, triggers, without }: Settings): Promise<string[]> {
  const own: (keyof Ports)[] = ['gateway', 'gatewayMetrics', 'trigger']
  if (!given.nats) own.push('nats', 'natsMonitor')
  if (!given.valkey) own.push('valkey')
  if (!given.questdb) own.push('questdb', 'questdbPg')
  if (!given.s3) own.push('s3', 's3Inner')
  if (!given.opensearch && !without.includes('opensearch')) own.push('opensearch', 'opensearchTransport')
  const wanted = own.flatMap((name) =>
    Array.from(
      { length: name === 'trigger' ? triggers : name === 's3Inner' ? INNER_PORTS : 1 },
      (_, i) => [name, ports[name] + i] as const,
    ),
  )
  const taken = await Promise.all(wanted.map(async ([name, port]) => ((await isFree(port)) ? [] : [`${port} (${PORT_SETTINGS[name]})`])))
  return taken.flat()
}

const USUAL_PORT: Record<ServerName, number> = { nats: 4222, valkey: 6379, questdb: 9000, s3: 80, opensearch: 80 }

/** Servers that are used as they are must be there. @throws {Problem} naming those that do not answer. */
export async function givenServersAnswer({ given }: Settings): Promise<void> {
  const addresses = SERVER_NAMES.flatMap((name) => (given[name] ? [[name, new URL(given[name])] as const] : []))
  const away = await Promise.all(
    addresses.map(async ([name, { hostname, port, protocol }]) =>
      (await takesConnections(hostname, Number(port || (protocol === 'https:' ? 443 : USUAL_PORT[name]))))
        ? []
        : [`${name.toUpperCase()}_URL`],
    ),
  )
  if (away.flat().length > 0) throw new Problem(`no server answers at the address given in ${away.flat().join(', ')}`)
}
