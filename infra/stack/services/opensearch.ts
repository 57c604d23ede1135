import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpensearchFiles } from '../install/opensearch.ts'
import type { ProcessSpec } from '../process-spec.ts'
import { answers } from './http.ts'
import { empty } from './temporary.ts'

const config = ({
  folder,
  port,
  transportPort,
}: OpensearchOptions) => `# Written at each start: change infra/stack/services/opensearch.ts instead.
cluster.name: trade2026
node.name: trade2026
discovery.type: single-node
path.data: ${JSON.stringify(join(folder, 'data'))}
path.logs: ${JSON.stringify(join(folder, 'logs'))}
network.host: 127.0.0.1
http.port: ${port}
# Where these two are the same, the server ends without a word.
transport.port: ${transportPort}
# An index of ours is made with its mapping or not at all: see infra/storage/opensearch.
action.auto_create_index: "-alt_*,-trade2026_*,+*"
# Shares of a large disk would make all indices read-only while there are many GB left; below 512 MB the stack does not start either.
cluster.routing.allocation.disk.watermark.low: 1gb
cluster.routing.allocation.disk.watermark.high: 768mb
cluster.routing.allocation.disk.watermark.flood_stage: 512mb
cluster.info.update.interval: 10s
`

const LOG = `# Written at each start.
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
# They speak of what a server on loopback does without: the system's C library, huge pages, another collector.
logger.bootstrap.name = org.opensearch.bootstrap
logger.bootstrap.level = error
logger.vectors.name = org.apache.lucene.internal.vectorization
logger.vectors.level = error
logger.dangling.name = org.opensearch.gateway.DanglingIndicesState
logger.dangling.level = error
# Indices and shards that come and go, and a disk that runs full.
logger.metadata.name = org.opensearch.cluster.metadata
logger.metadata.level = info
logger.disk.name = org.opensearch.cluster.routing.allocation.DiskThresholdMonitor
logger.disk.level = info
`

type OpensearchOptions = {
  readonly files: OpensearchFiles
  readonly folder: string
  readonly port: number
  readonly transportPort: number
  /** More options for the JVM. */
  readonly jvm?: readonly string[]
}

/**
 * OpenSearch, one node on loopback only, in a bounded heap, without its security plugin and without the agent that keeps plugins in bounds: there are none.
 * It counts as started when it has the indices and templates of this version, also after its data was lost.
 */
export async function opensearchService(options: OpensearchOptions): Promise<ProcessSpec> {
  const { files, folder, port, jvm = [] } = options
  const temporary = join(folder, 'tmp')
  const conf = join(folder, 'conf')
  await Promise.all([conf, temporary].map((path) => mkdir(path, { recursive: true })))
  await writeFile(join(conf, 'opensearch.yml'), config(options))
  await writeFile(join(conf, 'log4j2.properties'), LOG)
  const places = [`-Djava.io.tmpdir=${temporary}`, '-XX:-UsePerfData', `-XX:ErrorFile=${folder}/hs_err_%p.log`]
  // Other than QuestDB it gains by the second compiler, once that has done its work: docs/decisions/0010-opensearch.md.
  const bounds = ['-Xms512m', '-Xmx512m', '-XX:MaxDirectMemorySize=256m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  const properties = {
    'opensearch.path.home': files.home,
    'opensearch.path.conf': conf,
    'opensearch.distribution.type': 'tar',
    'opensearch.bundled_jdk': true,
    // It must not unpack and load its way into the C library: with it, it would refuse to run as root, as in a container.
    'jna.nosys': true,
    'jna.nounpack': true,
    'java.awt.headless': true,
    // Else the log would be closed before the last of it.
    'log4j.shutdownHookEnabled': false,
    'log4j2.disable.jmx': true,
  }
  const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
  const classPath = ['--enable-native-access=ALL-UNNAMED', '-cp', files.jars.join(':')]
  const { hasStorage } = await import('./opensearch-storage.ts')
  const url = `http://127.0.0.1:${port}`
  return {
    name: 'opensearch',
    command: 'nice',
    // What it does may lag, as with QuestDB.
    args: ['-n', '10', files.java, ...bounds, ...places, ...flags, ...jvm, ...classPath, 'org.opensearch.bootstrap.OpenSearch'],
    prepare: () => empty(temporary),
    port,
    healthy: async () => (await answers(`${url}/_cluster/health?wait_for_status=yellow&timeout=500ms`)) && (await hasStorage(url)),
    startMs: 300_000,
    stopMs: 20_000,
  }
}
