import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePorts } from '../ports.ts'
import { StackProcess } from '../process.ts'
import type { ProcessSpec } from '../process-spec.ts'
import { opensearchService } from '../services/opensearch.ts'
import { questdbService } from '../services/questdb.ts'
import type { QuestdbFiles } from './install.ts'
import type { OpensearchFiles } from './opensearch.ts'
import { place } from './place.ts'

const FILE = 'java.aot'
/** The JVM writes the cache when it ends: 5 s on two cores for QuestDB, 15 s for OpenSearch; ten times that where others use them. */
const WRITES_MS = 300_000

/** A server of Java, as it starts once for nothing. */
type Training = {
  /** The folder of its jars. */
  readonly home: string
  spec(folder: string, port: number, jvm: readonly string[]): Promise<ProcessSpec>
}

export const questdbTraining = (files: QuestdbFiles): Training => ({
  home: dirname(files.jar),
  spec: (folder, port, jvm) => questdbService({ files, folder, port, pgPort: port + 1, jvm }),
})

export const opensearchTraining = (files: OpensearchFiles): Training => ({
  home: files.home,
  spec: (folder, port, jvm) => opensearchService({ files, folder, port, transportPort: port + 1, jvm }),
})

const folderOf = (home: string): string => `${home}-start-${process.arch}`

/** The JVM option that makes use of the cache of the jars in `home`, once it is there. */
export const startCacheOption = (home: string): string[] =>
  existsSync(folderOf(home)) ? [`-XX:AOTCache=${join(folderOf(home), FILE)}`] : []

/**
 * Lets a server run once for nothing, so that the JVM writes down what it loads and links: every later start takes half the time or less
 * (JEP 514). It is made once for all folders, at the lowest priority; a start without it works as well.
 * @param data - a data folder that the run is recorded in, so that what is left of it when everything is killed is ended with the rest.
 * @param signal - gives it up.
 */
export async function makeStartCache(server: Training, { data, signal }: { data?: string; signal?: AbortSignal } = {}): Promise<void> {
  await place(folderOf(server.home), async (temporary) => {
    const state = join(temporary, 'data')
    const spec = await server.spec(state, await freePorts(2), [`-XX:AOTCacheOutput=${join(temporary, FILE)}`])
    const nice = { ...spec, name: 'start-cache', command: 'nice', args: ['-n', '19', spec.command, ...spec.args], stopMs: WRITES_MS }
    const training = new StackProcess(nice, data ?? state, () => {})
    const giveUp = () => {
      void training.stop()
      training.kill('SIGKILL')
    }
    signal?.addEventListener('abort', giveUp)
    await training.start()
    await training.stop()
    signal?.removeEventListener('abort', giveUp)
    signal?.throwIfAborted()
    await rm(state, { recursive: true })
  })
}
