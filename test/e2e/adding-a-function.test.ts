import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freeSettings, ROOT, type Settings } from '../../infra/stack/settings.ts'
import { tickSubject } from '../../shared/contract/subjects.ts'
import { environmentOf, run } from './command-line.ts'

/** What is not part of the repository, or is linked into the copy instead. */
const NOT_COPIED = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage'])

let folder: string
let copy: string
let settings: Settings
let stack: ReturnType<typeof run>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trade2026-newcomer-'))
  copy = join(folder, 'trade2026')
  await cp(ROOT, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(relative(ROOT, path)) })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  settings = await freeSettings(join(folder, 'data'))
  stack = inCopy(process.execPath, 'infra/cli/trade2026.mjs', 'up', '--no-feed')
})
afterAll(async () => {
  await stack?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a function added by following docs/adding-a-function.md word for word works', async () => {
  await expect.poll(stack.output, { timeout: 60_000, interval: 100 }).toContain('all is up')
  const blocks = blocksOf(await readFile(join(copy, 'docs/adding-a-function.md'), 'utf8'))
  const [watch] = blocks.filter(({ language }) => language === 'js')
  const commandsOf = ({ language, text }: Block) => (language === 'sh' ? text.trim().split('\n') : [])
  const commands = blocks.flatMap(commandsOf)
  expect(commands).toEqual(expect.arrayContaining(['npx trade2026 new big-moves', 'npx trade2026 deploy big-moves']))

  for (const block of blocks) {
    if (block.file) await put(block.file, block.text)
    for (const command of commandsOf(block).filter((one) => !one.startsWith('curl'))) await shell(command)
  }

  const watching = inCopy('sh', '-c', onOwnPorts(watch!.text))
  const connection = await connect({ servers: settings.urls.NATS_URL })
  let minute = 0
  const publishMinute = () => {
    const timestamp = Date.UTC(2024, 0, 15) + minute++ * 60_000
    for (const [second, price] of [100, 105].entries()) {
      const tick = { timestamp: timestamp + second * 1000, exchange: 'test', symbol: 'BTC/USDT', price, qty: 1 }
      connection.publish(tickSubject('test', 'BTC/USDT'), JSON.stringify(tick))
    }
  }
  const alerts = () => {
    // Each minute closes the one before it.
    publishMinute()
    return watching.output()
  }
  await expect
    .poll(alerts, { timeout: 30_000, interval: 200 })
    .toMatch(/^alerts\.big-move\.BTC%2FUSDT \{"symbol":"BTC\/USDT","exchange":"test"/m)
  await watching.stop()
  await connection.close()

  for (const command of commands.filter((one) => one.startsWith('curl'))) {
    const response = await fetch(/"(.+)"/.exec(onOwnPorts(command))![1]!)
    expect(response.status, command).toBe(200)
    expect(await response.text(), command).toMatch(/big-moves|"version":/)
  }
})

type Block = { readonly language: string; readonly file: string | undefined; readonly text: string }

const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language, file, text]) => ({
    language: language!,
    file,
    text: text!,
  }))

/** As the page says it: the table of streams gets something at its end, the last entry of stack.yml is replaced, anything else is a file of its own. */
async function put(file: string, text: string): Promise<void> {
  const path = join(copy, file)
  if (file === 'stack.yml') {
    const [name] = text.split('\n', 1)
    const [before, entry, ...others] = (await readFile(path, 'utf8')).split(`${name}\n`)
    expect([entry?.startsWith('    '), others]).toEqual([true, []])
    return writeFile(path, before + text)
  }
  if (file !== 'shared/contract/streams.ts') {
    await mkdir(dirname(path), { recursive: true })
    return writeFile(path, text)
  }
  const END_OF_TABLE = '} as const satisfies'
  const table = await readFile(path, 'utf8')
  expect(table).toContain(END_OF_TABLE)
  await writeFile(path, table.replace(END_OF_TABLE, text + END_OF_TABLE))
}

async function shell(command: string): Promise<void> {
  const running = inCopy('sh', '-c', command)
  expect(await running.ended, `${command}\n${running.output().slice(-4000)}`).toBe(0)
}

const inCopy = (command: string, ...args: string[]) => run(command, args, { cwd: copy, env: environmentOf(settings) })

const onOwnPorts = (text: string): string =>
  text
    .replaceAll('127.0.0.1:4222', `127.0.0.1:${settings.ports.nats}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${settings.ports.gateway}`)
    .replaceAll('127.0.0.1:8083', `127.0.0.1:${settings.ports.trigger}`)
