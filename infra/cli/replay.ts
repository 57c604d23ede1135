import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildAll } from '../build/bundle.ts'
import { supervisorOf } from '../stack/claim.ts'
import { Problem } from '../stack/problem.ts'
import { feedProgram } from '../stack/programs.ts'
import { readSettings } from '../stack/settings.ts'

/** Feeds files into the stack that runs, in the foreground. */
export async function replay(
  files: string[],
  { exchange, symbol, speed }: { exchange?: string[]; symbol?: string[]; speed: string },
): Promise<number> {
  const settings = readSettings()
  for (const file of files) if (!existsSync(file)) throw new Problem(`there is no file ${file}`)
  if (!supervisorOf(settings.data)) throw new Problem(`no stack runs on ${settings.data}: start one with \`trade2026 up --no-feed\``)
  await buildAll()
  const names = { ...(exchange && { exchanges: exchange }), ...(symbol && { symbols: symbol }) }
  const { command, args, env } = feedProgram(settings, { kind: 'replay', files: files.map((file) => resolve(file)), ...names, speed })
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
