import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bundleOf, parseDeployment } from '../../infra/faas/deployment.ts'
import { beyondCommunity, MOST_FUNCTIONS } from '../../infra/stack/edition.ts'
import { ROOT } from '../../infra/stack/settings.ts'
import { readStackFile } from '../../infra/stack/stack-file.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { scheduleOf } from '../../triggers/cron/schedule.ts'
import { triggerOf } from '../../triggers/trigger.ts'

const functions = await readStackFile(join(ROOT, 'stack.yml'), {})
const textsOf = (texts: unknown) => texts as Readonly<Record<string, string>>

/** Entries that are a second deployment of another one's bundle. */
const SECOND: Readonly<Record<string, string>> = { 'flush-alt-docs': 'index-alt-doc' }

test('every folder of functions/ has an entry in stack.yml, every one of ours a unit test, and there are no others', () => {
  const folders = (path: string) => readdirSync(join(ROOT, path), { withFileTypes: true })
  const inFunctions = folders('functions').flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  const tested = folders('test/unit/functions').map(({ name }) => name.replace(/\.test\.ts$/, ''))
  const own = functions.map(({ service }) => service).filter((service) => !(service in SECOND))
  expect(own.sort(), 'stack.yml').toEqual(inFunctions.sort())
  // A server in another language has tests of its own.
  const ours = inFunctions.filter((name) => existsSync(join(ROOT, 'functions', name, 'index.ts')))
  expect(tested.sort(), 'test/unit/functions').toEqual(ours.sort())
})

test.each(['cluster', 'faasd'])('the stack file reads for %s as well', async (STACK) => {
  const inCluster = await readStackFile(join(ROOT, 'stack.yml'), { STACK, IMAGES: 'registry.example/you', TAG: '1' })
  for (const { service, image, envVars } of inCluster) {
    expect(image).toBe(`registry.example/you/${SECOND[service] ?? service}:1`)
    const local = functions.find((one) => one.service === service)
    expect(Object.keys(envVars).sort()).toEqual(Object.keys(local!.envVars).sort())
  }
})

test('OpenFaaS Community Edition takes them all, and one more of the user', () => {
  expect(beyondCommunity(functions)).toEqual([])
  expect(functions.length).toBeLessThan(MOST_FUNCTIONS)
})

describe.each(functions)('$service', ({ service, image, labels, annotations, ...rest }) => {
  test('is taken by the local host, with the bundle of its own folder or of the one that it is a second deployment of', () => {
    parseDeployment({ service, image, labels, annotations, ...rest })
    expect(bundleOf(image)).toBe(SECOND[service] ?? service)
  })

  test('has triggers that are understood, on a stream of the table, or none', () => {
    const [trigger, schedule] = [triggerOf(service, textsOf(annotations)), scheduleOf(service, textsOf(annotations))]
    if (trigger) expect(Object.keys(STREAMS)).toContain(trigger.stream)
    if (trigger && schedule) expect(schedule.path, 'a stream takes /').not.toBe('/')
    if (!trigger && !schedule) return
    expect(textsOf(annotations), 'a stock connector would act on it as well').not.toHaveProperty('topic')
  })
})
