import { once } from 'node:events'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freeSettings, type Settings } from '../../infra/stack/settings.ts'
import { addStream, copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { environmentOf, run } from './command-line.ts'

/** Tells each message on, with the version of its code, and has done it when it was heard. */
const relayOf = (version: string) => `
import { defineAcked, oneByOne } from '../../shared/runtime/acked.ts'
import { serve } from '../../shared/runtime/serve.ts'

const tell = async (body: string) => {
  const { status } = await fetch(process.env.TELL_URL!, { method: 'POST', body })
  if (status !== 200) throw new Error(\`nobody heard: \${status}\`)
}
const read = (body: Uint8Array) => new TextDecoder().decode(body)
serve(defineAcked({ name: 'relay', read, handle: oneByOne<string>(({ value }) => tell(\`${version}: \${value}\`)) }), [])
`
const RUNS_WITHIN = { timeout: 60_000, interval: 20 }

let copy: ProjectCopy
let settings: Settings
let dev: ReturnType<typeof run>
let people: Server
/** What was told, and how to say that it was heard. */
const told = new Map<string, ServerResponse>()
const tells = (text: string) => expect.poll(() => [...told.keys()], RUNS_WITHIN).toContain(text)

beforeAll(async () => {
  people = createServer(async (request, response) => {
    told.set(Buffer.concat(await request.toArray()).toString(), response)
  })
  await once(people.listen(0, '127.0.0.1'), 'listening')
  copy = await copyProject()
  await mkdir(join(copy.root, 'functions/relay'))
  await save('old')
  await addStream(
    copy.root,
    "  RELAY: { name: 'RELAY', subjects: ['relay.>'], slots: 1, maxAgeMs: HOUR, maxBytes: GIB, duplicateWindowMs: 120_000 },\n",
  )
  const { port } = people.address() as AddressInfo
  await appendFile(join(copy.root, 'stack.yml'), entryOf(`http://127.0.0.1:${port}/`))
  settings = await freeSettings(join(copy.folder, 'data'))
  dev = run(process.execPath, ['infra/cli/trade2026.mjs', 'dev', '--no-feed'], { cwd: copy.root, env: environmentOf(settings) })
})
afterAll(async () => {
  await dev?.stop()
  people?.close()
  people?.closeAllConnections()
  await copy?.discard()
})

const save = (version: string) => writeFile(join(copy.root, 'functions/relay/index.ts'), relayOf(version))

const entryOf = (tellUrl: string) => `
  relay:
    lang: dockerfile
    handler: ./functions/relay
    image: local/relay:dev
    skip_build: true
    environment: { TELL_URL: "${tellUrl}" }
    annotations: { trigger.stream: RELAY, trigger.delivery: acked, trigger.batch: "1", trigger.start: all }
`

test('with dev, the next message after a save runs the new code, while the old finishes the call that it is in', {
  timeout: 300_000,
}, async () => {
  await expect.poll(dev.output, { timeout: 120_000, interval: 100 }).toContain('all is up')
  const connection = await connect({ servers: settings.urls.NATS_URL })
  connection.publish('relay.1', 'first')
  await tells('old: first')

  await save('new')
  await expect.poll(dev.output, RUNS_WITHIN).toMatch(/relay: saved -> running in \d+ ms/)
  connection.publish('relay.2', 'second')
  await tells('new: second')

  for (const response of told.values()) response.end()
  const manager = await jetstreamManager(connection)
  const left = async () => {
    const { num_pending, num_ack_pending } = await manager.consumers.info('RELAY', 'acked-relay')
    return num_pending + num_ack_pending
  }
  await expect.poll(left, RUNS_WITHIN).toBe(0)
  // The old code's call was not broken off: nothing came again.
  expect([...told.keys()]).toEqual(['old: first', 'new: second'])
  await connection.close()
})
