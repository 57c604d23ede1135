import { afterEach, beforeAll, expect, test } from 'vitest'
import { buildAll } from '../../../infra/build/bundle.ts'
import { freePorts } from '../../../infra/stack/ports.ts'
import { type Image, imageOf } from '../../support/image.ts'

const WAIT = { timeout: 30_000, interval: 50 }
/** Nothing listens there. */
const AWAY = { NATS_URL: 'nats://127.0.0.1:9', QUESTDB_URL: 'http://127.0.0.1:9', GATEWAY_URL: 'http://127.0.0.1:9' }

let image: Image
let running: ReturnType<Image['start']> | undefined
beforeAll(async () => {
  await buildAll()
})
afterEach(async () => {
  running?.child.kill('SIGKILL')
  await running?.ended
  await image.discard()
})

test.each([
  ['dist/functions/bars/index.js', 'questdb'],
  ['dist/triggers/index.js', 'nats, gateway'],
])('%s runs as its image does: healthy without its servers, not ready, and SIGTERM ends it', async (bundle, away) => {
  const port = await freePorts(1)
  const env = { ...AWAY, PORT: String(port), TRIGGER_METRICS_PORT: String(port), LOG_LEVEL: 'error' }
  image = await imageOf(bundle)
  expect(await image.health(env)).toBe(1)

  running = image.start(env)

  await expect.poll(() => image.health(env), { message: running.output(), ...WAIT }).toBe(0)
  const ready = await fetch(`http://127.0.0.1:${port}/_/ready`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(`not ready: ${away}`)])
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200)
  running.child.kill('SIGTERM')
  expect(await running.ended, running.output()).toBe(0)
})

test('the image of lake-query has what its bundle needs beside itself, and starts its engine from it', async () => {
  const port = await freePorts(1)
  image = await imageOf('dist/functions/lake-query/index.js')
  running = image.start({
    S3_URL: 'http://127.0.0.1:9',
    SECRETS_DIR: await image.secrets({ 's3-access-key': 'a', 's3-secret-key': 'b' }),
    PORT: String(port),
    LOG_LEVEL: 'error',
  })

  const url = `http://127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(`${url}/_/health`).then(
          (r) => r.status,
          () => 0,
        ),
      { message: running.output(), ...WAIT },
    )
    .toBe(200)
  expect(await (await fetch(`${url}/_/ready`)).text()).toContain('not ready: s3')
  const answer = await fetch(`${url}/?sql=${encodeURIComponent('SELECT 6 * 7 AS n')}`)
  expect([answer.status, await answer.json()], running.output()).toEqual([200, expect.objectContaining({ rows: [[42]] })])
  running.child.kill('SIGTERM')
  expect(await running.ended, running.output()).toBe(0)
})

test('the bundle of the storage job says in one line what is missing', async () => {
  image = await imageOf('dist/storage/index.js')
  running = image.start({ NATS_URL: 'nats://127.0.0.1:9', QUESTDB_URL: 'http://127.0.0.1:9', STORAGE_WAIT_SECONDS: '0' })
  expect(await running.ended).toBe(1)
  expect(running.output()).toMatch(/^\{"level":50,.*does not answer.*\}\n$|^\{"level":50,.*ECONNREFUSED.*\}\n$/)
})
