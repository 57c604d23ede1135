import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePorts } from '../ports.ts'
import { StackProcess } from '../process.ts'
import { questdbService } from '../services/questdb.ts'
import type { QuestdbFiles } from './install.ts'
import { place } from './place.ts'

const FILE = 'java.aot'
/** The JVM writes the cache when it ends: 5 s on two cores. */
const WRITES_MS = 60_000

const folderOf = ({ jar }: QuestdbFiles): string => `${dirname(jar)}-start-${process.arch}`

/** The JVM option that makes use of the cache, once it is there. */
export const startCacheOption = (files: QuestdbFiles): string[] =>
  existsSync(folderOf(files)) ? [`-XX:AOTCache=${join(folderOf(files), FILE)}`] : []

/**
 * Lets QuestDB run once for nothing, so that the JVM writes down what it loads and links: every later start takes 1.5 s instead of 3.4
 * (JEP 514). It is made once for all folders, at the lowest priority; a start without it works as well.
 * @param data - a data folder that the run is recorded in, so that what is left of it when everything is killed is ended with the rest.
 * @param signal - gives it up.
 */
export async function makeStartCache(files: QuestdbFiles, { data, signal }: { data?: string; signal?: AbortSignal } = {}): Promise<void> {
  await place(folderOf(files), async (temporary) => {
    const state = join(temporary, 'data')
    const port = await freePorts(2)
    const jvm = [`-XX:AOTCacheOutput=${join(temporary, FILE)}`]
    const spec = await questdbService({ files, folder: state, port, pgPort: port + 1, jvm })
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
