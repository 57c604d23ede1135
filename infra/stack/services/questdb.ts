import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { QuestdbFiles } from '../install/install.ts'
import type { ProcessSpec } from '../process-spec.ts'
import { answers } from './http.ts'
import { empty } from './temporary.ts'

const config = (port: number, pgPort: number) => `# Written at each start: change infra/stack/services/questdb.ts instead.
http.bind.to=127.0.0.1:${port}
pg.net.bind.to=127.0.0.1:${pgPort}
http.min.enabled=false
line.tcp.enabled=false
line.udp.enabled=false
telemetry.enabled=false
shared.worker.count=2
# Bars come a few hundred rows at a time: the defaults would have the kernel zero 16 MB a column for them.
cairo.writer.data.append.page.size=512K
cairo.wal.writer.data.append.page.size=128K
cairo.o3.column.memory.size=256K
cairo.system.writer.data.append.page.size=64K
`

const LOG = `# Written at each start. A line for each query and commit would cost a tenth of what they do.
writers=stdout
w.stdout.class=io.questdb.log.LogConsoleWriter
w.stdout.level=ADVISORY,ERROR,CRITICAL
`

type QuestdbOptions = {
  readonly files: QuestdbFiles
  readonly folder: string
  readonly port: number
  readonly pgPort: number
  /** More options for the JVM. */
  readonly jvm?: readonly string[]
}

/** QuestDB with HTTP (SQL and ILP) and the Postgres wire, on loopback only, in a bounded heap. */
export async function questdbService(options: QuestdbOptions): Promise<ProcessSpec> {
  const { files, folder, port, pgPort, jvm = [] } = options
  const temporary = join(folder, 'tmp')
  await Promise.all([join(folder, 'conf'), temporary].map((path) => mkdir(path, { recursive: true })))
  await writeFile(join(folder, 'conf', 'server.conf'), config(port, pgPort))
  await writeFile(join(folder, 'conf', 'log.conf'), LOG)
  // It unpacks its native libraries into the temporary folder at each start, and a killed one leaves them there; so would the JVM its counters.
  const places = [`-Djava.io.tmpdir=${temporary}`, '-XX:-UsePerfData', `-XX:ErrorFile=${folder}/hs_err_%p.log`]
  // On two shared cores the second compiler and parallel collection cost more than they give: 40 % of the start, 30 % of small commits.
  const bounds = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  return {
    name: 'questdb',
    // What it does may lag: on shared cores a commit of bars must not hold up the ticks of the next ones.
    command: 'nice',
    args: ['-n', '10', files.java, ...bounds, ...places, ...jvm, '-p', files.jar, '-m', 'io.questdb/io.questdb.ServerMain', '-d', folder],
    prepare: () => empty(temporary),
    port,
    healthy: () => answers(`http://127.0.0.1:${port}/exec?query=SELECT%201`),
    startMs: 120_000,
    stopMs: 20_000,
  }
}
