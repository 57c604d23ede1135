import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { Rebuilder } from '../../../infra/build/rebuild.ts'
import { DevSession } from '../../../infra/dev/session.ts'
import { deployStack } from '../../../infra/stack/deploy.ts'
import { TestHost } from '../faas/host.ts'

vi.setConfig({ testTimeout: 120_000 })
const WAIT = { timeout: 60_000, interval: 20 }

/** Answers with a text of its own and one that it shares; takes a moment, so that calls are under way when the code changes. */
const functionOf = (text: string) => `
import { createServer } from 'node:http'
import { SHARED } from '../../shared/text.ts'
const server = createServer((req, res) => {
  if (req.url?.startsWith('/_/')) res.end('ok')
  else setTimeout(() => res.end('${text} ' + SHARED), 20)
})
server.keepAliveTimeout = 120_000
server.listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`
const sharedOf = (text: string) => `export const SHARED = '${text}'\n`
const stackOf = (...entries: string[]) => `provider: { name: openfaas }\nfunctions:\n${entries.map((entry) => `  ${entry}\n`).join('')}`
const entry = (name: string, more = '') => `${name}: { image: local/${name}${more} }`

let host: TestHost
let session: DevSession
let lines: string[]
let load: Load
const at = (path: string) => join(host.folder, path)
const save = (path: string, text: string) => writeFileSync(at(path), text)
const answer = async (name = 'one') => (await host.call(`/function/${name}`)).text
const answers = (text: string, name = 'one') => vi.waitFor(async () => expect(await answer(name)).toBe(text), WAIT)
const said = (pattern: RegExp) => vi.waitFor(() => expect(lines).toContainEqual(expect.stringMatching(pattern)), WAIT)

/** Calls a function all the time, several calls at once. */
class Load {
  readonly statuses: number[] = []
  #goesOn = true
  readonly #loops = Array.from({ length: 3 }, async () => {
    while (this.#goesOn) this.statuses.push((await host.call('/function/one')).status)
  })

  async stop(): Promise<void> {
    this.#goesOn = false
    await Promise.all(this.#loops)
  }
}

beforeAll(async () => {
  host = await TestHost.start()
  for (const folder of ['functions/one', 'shared']) mkdirSync(at(folder), { recursive: true })
  save('functions/one/index.ts', functionOf('first'))
  save('shared/text.ts', sharedOf('a'))
  save('stack.yml', stackOf(entry('one')))
  const rebuilder = new Rebuilder(host.folder, at('dist'))
  expect(await rebuilder.rebuild(new Set())).toMatchObject({ built: ['one'] })
  await rebuilder.close()
  const target = { gatewayUrl: host.url, user: 'admin', password: 'secret word', stackFile: at('stack.yml') }
  await deployStack(target)
  lines = []
  session = new DevSession({ root: host.folder, dist: at('dist'), target, say: (line) => lines.push(line) })
  await session.start()
  load = new Load()
})
afterEach(() => {
  lines.length = 0
})
afterAll(async () => {
  await load.stop()
  await session.close()
  await host.remove()
})

/** Whatever a test saves, no call fails. */
const noCallFailed = () => {
  expect(load.statuses.length).toBeGreaterThan(0)
  expect(new Set(load.statuses)).toEqual(new Set([200]))
}

test('what is saved runs: said with its time, and every call from then on is answered by it', async () => {
  expect(await answer()).toBe('first a')
  save('functions/one/index.ts', functionOf('second'))
  await said(/^one: saved -> running in \d+ ms$/)
  expect(await Promise.all([answer(), answer(), answer()])).toEqual(Array(3).fill('second a'))
  noCallFailed()
})

test('however an editor saves: over the file, by a rename, by way of a backup, deleted and made anew', async () => {
  save('shared/text.ts', sharedOf('b'))
  await answers('second b')
  save('shared/text.ts.tmp', sharedOf('c'))
  renameSync(at('shared/text.ts.tmp'), at('shared/text.ts'))
  await answers('second c')
  renameSync(at('shared/text.ts'), at('shared/text.ts~'))
  save('shared/text.ts', sharedOf('d'))
  rmSync(at('shared/text.ts~'))
  await answers('second d')
  rmSync(at('shared/text.ts'))
  await said(/does not build/)
  save('shared/text.ts', sharedOf('e'))
  await answers('second e')
  noCallFailed()
})

test('of many saves one after the other the last one runs in the end', async () => {
  for (let i = 0; i <= 40; i++) {
    save('shared/text.ts', sharedOf(`n${i}`))
    await sleep(i)
  }
  await answers('second n40')
  noCallFailed()
})

test('a mistake is told with its place, the old code goes on, and what puts it right runs', async () => {
  save('shared/text.ts', 'export const SHARED =\n  = 1\n')
  await said(/^one does not build, the old code goes on: shared\/text\.ts:2:3: Unexpected "="$/)
  expect(await answer()).toBe('second n40')
  save('shared/text.ts', sharedOf('right'))
  await answers('second right')
  save('shared/text.ts', 'throw new Error("at the start")\nexport const SHARED = 1\n')
  await vi.waitFor(() => expect(host.replicas().length).toBeGreaterThan(1), WAIT)
  expect(await answer()).toBe('second right')
  save('shared/text.ts', sharedOf('right again'))
  await answers('second right again')
  noCallFailed()
})

test('the stack file is followed: functions added, changed and removed; one with a mistake changes nothing', async () => {
  save('stack.yml', stackOf(entry('one'), entry('two')))
  await said(/has no bundle/)
  mkdirSync(at('functions/two'))
  save('functions/two/index.ts', functionOf('other'))
  await answers('other right again', 'two')
  await said(/^two: saved -> running in/)
  lines.length = 0
  save('stack.yml', stackOf(entry('one'), entry('two', ', annotations: { note: changed }')))
  await said(/^two: saved -> running in/)
  expect(lines).toEqual([expect.stringMatching(/^two/)])
  save('stack.yml', 'functions: [')
  await said(/stack\.yml/)
  expect(await answer('two')).toBe('other right again')
  save('stack.yml', stackOf(entry('one')))
  await said(/^two: removed from the stack file/)
  await vi.waitFor(async () => expect((await host.call('/function/two')).status).toBe(404), WAIT)
  noCallFailed()
})

test('what concerns no bundle, or changes none, deploys nothing', async () => {
  const before = host.replicas()
  save('shared/unused.ts', 'export {}\n')
  save('shared/text.ts', `// a comment\n${sharedOf('right again')}`)
  save('shared/last.ts', 'export {}\n')
  await sleep(0)
  save('functions/one/index.ts', functionOf('third'))
  await answers('third right again')
  expect(lines.filter((line) => line.startsWith('one: saved'))).toHaveLength(1)
  const stay = () => host.replicas().filter(({ pid }) => before.some((one) => one.pid === pid))
  await vi.waitFor(() => expect(stay()).toEqual([]), WAIT)
  noCallFailed()
})
