import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeSettings, PORT_SETTINGS, type Ports, ROOT } from '../../infra/stack/settings.ts'

/** `trade2026 ...` as a user runs it: a process of its own, on free ports, with its data in a temporary folder. */
export async function trade2026(...args: string[]) {
  const data = await mkdtemp(join(tmpdir(), 'trade2026-cli-'))
  const { ports } = await freeSettings(data)
  const portSettings = (Object.keys(PORT_SETTINGS) as (keyof Ports)[]).map((name) => [PORT_SETTINGS[name], String(ports[name])])
  const env = { ...process.env, ...Object.fromEntries(portSettings), TRADE2026_DATA: data }
  const child = spawn(process.execPath, [join(ROOT, 'infra/cli/trade2026.mjs'), ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return {
    data,
    /** All it has printed. */
    output: () => output,
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** Resolves with its exit code. */
    ended,
    /** Ends it if it still runs, and deletes its data. */
    async discard() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
      await rm(data, { recursive: true, force: true })
    },
  }
}
