import { spawn } from 'node:child_process'
import { accessSync, constants, copyFileSync, cpSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { buildAll } from '../../infra/build/bundle.ts'
import { ROOT } from '../../infra/stack/settings.ts'
import { applyStreams } from '../../infra/storage/jetstream/apply.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'

import { TestHost } from '../integration/faas/host.ts'
import { startServers } from '../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../support/trigger-process.ts'
import { type Row, SECTIONS } from './rows.ts'

/** What a command did; `failure` says what it should have done otherwise. */
export type Finding = { readonly row: Row; readonly exit: number | null; readonly output: string; readonly failure: string | null }
export type SectionFindings = { readonly title: string; readonly findings: readonly Finding[] }

/** The faas-cli on PATH, if there is one. */
export const faasCli = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'faas-cli'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const MOST_MS = 60_000

/** Runs every row, one after the other, against a host of its own. */
export async function runAll(cli: string): Promise<SectionFindings[]> {
  const servers = await startServers({ nats: true })
  const { NATS_URL } = servers.urls
  const host = await TestHost.start({ FAAS_TIMEOUT_MS: '2000', NATS_URL })
  let trigger: TriggerProcess | undefined
  try {
    const nats = connectNats({ NATS_URL }, 'compatibility')
    await applyStreams(await nats.connection)
    await nats.close()
    trigger = await startTrigger('compatibility', { NATS_URL, GATEWAY_URL: host.url }, { user: 'admin', password: 'secret word' })
    const folder = join(host.folder, 'compatibility')
    cpSync(join(import.meta.dirname, 'folder'), folder, { recursive: true })
    mkdirSync(join(host.folder, 'dist/functions/echo'))
    copyFileSync(join(import.meta.dirname, 'echo.js'), join(host.folder, 'dist/functions/echo/index.js'))
    await buildAll({ dist: join(host.folder, 'dist') })
    const env = {
      PATH: `${dirname(cli)}${delimiter}${process.env.PATH}`,
      HOME: folder,
      OPENFAAS_CONFIG: join(folder, 'config'),
      OPENFAAS_URL: host.url,
    }
    const found: SectionFindings[] = []
    for (const { title, rows } of SECTIONS) {
      const findings: Finding[] = []
      for (const row of rows) findings.push(await runRow(row, row.in === 'repository' ? ROOT : folder, env, host.url))
      found.push({ title, findings })
    }
    return found
  } finally {
    await trigger?.stop()
    await host.remove()
    await servers.stop()
  }
}

function runRow(row: Row, cwd: string, env: Record<string, string>, url: string): Promise<Finding> {
  // A group of its own, as a terminal gives it one: Ctrl-C goes to all of it.
  const child = spawn('sh', ['-c', row.command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const press = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal)
  const timer = setTimeout(press, MOST_MS, 'SIGKILL')
  let output = ''
  let pressed = false
  const onOutput = (text: string) => {
    output += text
    if (pressed || !row.interruptAt?.test(output)) return
    pressed = true
    press('SIGINT')
  }
  child.stdout.setEncoding('utf8').on('data', onOutput)
  child.stderr.setEncoding('utf8').on('data', onOutput)
  return new Promise((done) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const exit = signal === 'SIGINT' ? 130 : code
      const plain = stripVTControlCharacters(output).replaceAll(url, 'http://127.0.0.1:8080')
      done({ row, exit, output: plain, failure: failureOf(row, exit, plain) })
    })
  })
}

function failureOf({ exit: wanted, says }: Row, exit: number | null, output: string): string | null {
  if (exit !== wanted) return `exit code ${exit} instead of ${wanted}`
  return says.test(output) ? null : `does not say ${says}`
}
