import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeSettings, PORT_SETTINGS, type Ports, ROOT, type Settings } from '../../infra/stack/settings.ts'

/** What vitest adds to the environment, and a user's does not have. */
const OF_VITEST = /^(VITEST|NODE_ENV$|FORCE_COLOR$)/

/** The environment that tells a command of these settings. */
export function environmentOf({ data, ports, without }: Settings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !OF_VITEST.test(name))
  const portSettings = (Object.keys(PORT_SETTINGS) as (keyof Ports)[]).map((name) => [PORT_SETTINGS[name], String(ports[name])])
  return { ...Object.fromEntries([...inherited, ...portSettings]), TRADE2026_DATA: data, TRADE2026_WITHOUT: without.join(',') }
}

/** Runs a command as a user does, in a process of its own. */
export function run(command: string, args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return {
    /** All it has printed. */
    output: () => output,
    signal: (name: NodeJS.Signals) => child.kill(name),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    /** Resolves with its exit code. */
    ended,
    /** Ends it if it still runs. */
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

/** `trade2026 ...` on free ports, with its data in a temporary folder. */
export async function trade2026(...args: string[]) {
  const data = await mkdtemp(join(tmpdir(), 'trade2026-cli-'))
  const env = environmentOf(await freeSettings(data))
  const command = run(process.execPath, [join(ROOT, 'infra/cli/trade2026.mjs'), ...args], { cwd: ROOT, env })
  return {
    data,
    ...command,
    /** Ends it if it still runs, and deletes its data. */
    async discard() {
      await command.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}
