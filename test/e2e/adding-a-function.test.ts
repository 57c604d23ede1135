import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { connect, headers } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freeSettings, type Settings } from '../../infra/stack/settings.ts'
import { tickSubject } from '../../shared/contract/subjects.ts'
import { addStream, copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { environmentOf, run } from './command-line.ts'

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const UNWANTED = 'DOGE/USDT'

let copy: ProjectCopy
let settings: Settings
let stack: ReturnType<typeof run>
let people: People
beforeAll(async () => {
  copy = await copyProject()
  settings = await freeSettings(join(copy.folder, 'data'))
  people = await listenForNotes()
  stack = inCopy(process.execPath, 'infra/cli/trade2026.mjs', 'up', '--no-feed')
})
afterAll(async () => {
  await stack?.stop()
  people?.server.close()
  await copy?.discard()
})

test('functions added by following docs/adding-a-function.md word for word work', { timeout: 600_000 }, async () => {
  await expect.poll(stack.output, { timeout: 180_000, interval: 100 }).toContain('all is up')
  const blocks = blocksOf(await readFile(join(copy.root, 'docs/adding-a-function.md'), 'utf8'))
  const [watch] = blocks.filter(({ language }) => language === 'js')
  const commandsOf = ({ language, text }: Block) => (language === 'sh' ? text.trim().split('\n') : [])
  const commands = blocks.flatMap(commandsOf)
  expect(commands).toEqual(expect.arrayContaining(['npx trade2026 new big-moves', 'npx trade2026 deploy big-moves']))

  for (const block of blocks) {
    if (block.file) await put(block.file, block.text)
    for (const command of commandsOf(block).filter((one) => !isForLater(one))) await shell(command)
  }

  const watching = inCopy('sh', '-c', onOwnPorts(watch!.text))
  const connection = await connect({ servers: settings.urls.NATS_URL })
  const traced = headers()
  traced.set('traceparent', TRACE)
  let minute = 0
  const publishMinute = () => {
    const timestamp = Date.UTC(2024, 0, 15) + minute++ * 60_000
    for (const symbol of ['BTC/USDT', UNWANTED]) {
      for (const [second, price] of [100, 105].entries()) {
        const tick = { timestamp: timestamp + second * 1000, exchange: 'test', symbol, price, qty: 1 }
        connection.publish(tickSubject('test', symbol), JSON.stringify(tick), { headers: traced })
      }
    }
  }
  const alerts = () => {
    // Each minute closes the one before it.
    publishMinute()
    return watching.output()
  }
  await expect
    .poll(alerts, { timeout: 60_000, interval: 200 })
    .toMatch(/^alerts\.big-move\.BTC%2FUSDT \{"symbol":"BTC\/USDT","exchange":"test"/m)
  await watching.stop()
  await connection.close()

  // Away at first, people get every note; the one they do not want is a dead letter until they do.
  await expect.poll(() => people.notes.length, { timeout: 60_000 }).toBeGreaterThan(0)
  expect(people.notes[0]).toMatchObject({ text: 'BTC/USDT moved by 5.0 %', headers: { traceparent: TRACE } })
  const [list, redrive] = commands.filter((one) => one.startsWith('npx trade2026 dlq')) as [string, string]
  await expect.poll(() => shell(list), { timeout: 60_000, interval: 500 }).toMatch(/FAILED/)
  people.wantAll()
  await shell(redrive)
  await expect.poll(() => people.notes.map(({ text }) => text), { timeout: 60_000 }).toContain(`${UNWANTED} moved by 5.0 %`)

  for (const command of commands.filter((one) => one.startsWith('curl'))) {
    const url = /"(.+)"/.exec(onOwnPorts(command))![1]!
    await expect.poll(async () => (await fetch(url)).text(), { message: command, timeout: 60_000 }).toMatch(/big-move|"version":/)
  }
})

/** Commands that make sense only once messages have come. */
const isForLater = (command: string) => /^(curl|npx trade2026 dlq) /.test(command)

type Note = { readonly text: string; readonly headers: IncomingHttpHeaders }
type People = { readonly server: Server; readonly notes: Note[]; wantAll(): void }

/** Those that `notify` tells: away at the first note, and not wanting to hear of one symbol. */
async function listenForNotes(): Promise<People> {
  const notes: Note[] = []
  let isAway = true
  let wantsAll = false
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString()
    const status = isAway ? 503 : !wantsAll && text.startsWith(UNWANTED) ? 410 : 200
    isAway = false
    if (status === 200) notes.push({ text, headers: request.headers })
    response.writeHead(status).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const wantAll = () => {
    wantsAll = true
  }
  return { server, notes, wantAll }
}

type Block = { readonly language: string; readonly file: string | undefined; readonly text: string }

const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language, file, text]) => ({
    language: language!,
    file,
    text: text!,
  }))

/** As the page says it: the table of streams gets something at its end, the last entry of stack.yml is replaced or another put behind it, anything else is a file of its own. */
async function put(file: string, text: string): Promise<void> {
  const path = join(copy.root, file)
  if (file === 'stack.yml') {
    const [name] = text.split('\n', 1)
    const [before, entry, ...others] = (await readFile(path, 'utf8')).split(`${name}\n`)
    expect([entry?.startsWith('    ') ?? true, others]).toEqual([true, []])
    return writeFile(path, before + onOwnPorts(text))
  }
  if (file === 'shared/contract/streams.ts') return addStream(copy.root, text)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

async function shell(command: string): Promise<string> {
  const running = inCopy('sh', '-c', command)
  expect(await running.ended, `${command}\n${running.output().slice(-4000)}`).toBe(0)
  return running.output()
}

const inCopy = (command: string, ...args: string[]) => run(command, args, { cwd: copy.root, env: environmentOf(settings) })

const onOwnPorts = (text: string): string =>
  text
    .replaceAll('127.0.0.1:4222', `127.0.0.1:${settings.ports.nats}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${settings.ports.gateway}`)
    .replaceAll('127.0.0.1:8083', `127.0.0.1:${settings.ports.trigger}`)
    .replaceAll('127.0.0.1:9999', `127.0.0.1:${(people.server.address() as AddressInfo).port}`)
