import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../infra/stack/run.ts'
import { ROOT } from '../../infra/stack/settings.ts'

export type Image = {
  /** Runs the image's command. */
  start(env: Readonly<Record<string, string>>): Running
  /** Runs the health check; gives its exit code. */
  health(env: Readonly<Record<string, string>>): Promise<number | null>
  /** Makes secrets as files; gives their folder. */
  secrets(texts: Readonly<Record<string, string>>): Promise<string>
  discard(): Promise<void>
}

type Running = { readonly child: ChildProcess; readonly ended: Promise<number | null>; readonly output: () => string }

/**
 * Does what infra/build/Dockerfile says as far as it goes without Docker: its files alone in an empty folder that cannot be written to, its environment and
 * nothing else, its user (where this process may change to it), its command lines word for word. An instruction that it does not know fails.
 */
export async function imageOf(bundle: string): Promise<Image> {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-image-'))
  const app = join(folder, 'app')
  const env: Record<string, string> = {}
  let user: { uid?: number; gid?: number } = {}
  let command: string[] = []
  let check: string[] = []
  await mkdir(app)
  const text = await readFile(join(ROOT, 'infra/build/Dockerfile'), 'utf8')
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
  for (const line of lines) {
    const [, instruction, rest] = /^(\w+) +(.*)$/.exec(line) as unknown as [string, string, string]
    if (instruction === 'FROM') {
      const major = /^node:(\d+)-/.exec(rest)?.[1]
      if (!process.version.startsWith(`v${major}.`)) throw new Error(`${rest} is not the Node of this project, ${process.version}`)
    } else if (instruction === 'COPY') {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is Docker's
      const [from, to] = rest.replaceAll('${BUNDLE}', bundle).split(' ') as [string, string]
      if ((await stat(join(ROOT, from))).isDirectory()) await cp(join(ROOT, from), join(app, to), { recursive: true })
      else await copyFile(join(ROOT, from), join(app, to))
    } else if (instruction === 'RUN') {
      // Word for word but for what would be deleted outside; what npm has fetched already for the project it takes from its cache.
      const [program, ...args] = rest.replace(/ && rm -rf \/root\/\.npm$/, ' --prefer-offline').split(' ')
      if (program !== 'npm') throw new Error(`RUN ${program} is not imitated here`)
      const { code, stderr } = await run(program, args, { cwd: app })
      if (code !== 0) throw new Error(`${rest}: ${stderr}`)
    } else if (instruction === 'ENV') {
      for (const pair of rest.split(' ')) env[pair.split('=')[0]!] = pair.split('=')[1]!
    } else if (instruction === 'USER') {
      const [uid, gid] = rest.split(':').map(Number)
      if (!uid || !gid) throw new Error(`USER ${rest} is not two numbers, or root`)
      if (process.getuid?.() === 0) user = { uid, gid }
    } else if (instruction === 'HEALTHCHECK') check = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4)) as string[]
    else if (instruction === 'CMD') command = JSON.parse(rest) as string[]
    else if (!['ARG', 'WORKDIR', 'EXPOSE'].includes(instruction)) throw new Error(`${instruction} is not imitated here`)
  }
  // Another user may not be allowed to look into the folder that this Node lies in.
  const node = join(folder, 'node')
  await copyFile(process.execPath, node)
  for (const [path, mode] of [[node, 0o555], [folder, 0o755]] as const) await chmod(path, mode) // biome-ignore format: one line
  await run('chmod', ['-R', 'a=rX', app])

  const start = ([program, ...args]: readonly string[], more: Readonly<Record<string, string>>): Running => {
    if (program !== 'node') throw new Error(`${program} is not in the image`)
    const child = spawn(node, args, { cwd: app, env: { ...env, ...more }, ...user, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (output += part))
    return { child, ended: once(child, 'exit').then(([code]) => code as number | null), output: () => output }
  }
  return {
    start: (more) => start(command, more),
    health: (more) => start(check, more).ended,
    async secrets(texts) {
      const secrets = join(folder, 'secrets')
      await mkdir(secrets)
      for (const [name, text] of Object.entries(texts)) await writeFile(join(secrets, name), text)
      return secrets
    },
    async discard() {
      await run('chmod', ['-R', 'u+w', app])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
