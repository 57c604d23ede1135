// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test are templates of another engine
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readStackFile, substitute } from '../../../../infra/stack/stack-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'trade2026-stack-'))
afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['${A} ${B} ${EMPTY} ${NONE}.', 'a b  .'],
  ['${A:-x} ${EMPTY:-x} ${NONE:-x} ${NONE:=y} ${NONE=z} ${NONE:-}', 'a x x y z '],
  ['${NONE:-http://h:1/p?q=$A}', 'http://h:1/p?q=$A'],
  ['$JS.API $A $$ $${A} \\\\ \\n', '$JS.API $A $ ${A} \\ \\n'],
])('%s becomes %s', (text, expected) => {
  expect(substitute(text, { A: 'a', B: 'b', EMPTY: '' })).toBe(expected)
})

test.each(['${A-x}', '${A:+x}', '${A:?x}', '${A^^}', '${}'])('%s is refused, as it would mean something else to faas-cli', (text) => {
  expect(() => substitute(text, {})).toThrow(/only/)
})

test('a function is read as faas-cli sends it', async () => {
  writeFileSync(join(folder, 'one.yml'), 'environment: { SHARED: one, NUMBER: 3, URL: "${URL:-none}" }')
  writeFileSync(join(folder, 'two.yml'), 'environment: { SHARED: two }')
  writeFileSync(
    join(folder, 'stack.yml'),
    `version: "1.0"
provider: { name: openfaas, gateway: http://127.0.0.1:8080 }
functions:
  plain:
    image: \${IMAGES:-local}/plain
  full:
    lang: dockerfile
    handler: ./functions/full
    image: registry:5000/full:v1
    fprocess: node index.js
    environment: { SHARED: own, OWN: true }
    environment_file: [one.yml, two.yml]
    secrets: [key]
    labels: { com.openfaas.scale.min: 1 }
    annotations: { trigger.quiet: false }
    limits: { memory: 128Mi }
    readonly_root_filesystem: true
`,
  )
  expect(await readStackFile(join(folder, 'stack.yml'), { URL: 'given' })).toEqual([
    { service: 'plain', image: 'local/plain:latest', envVars: {}, labels: {}, annotations: {} },
    {
      service: 'full',
      image: 'registry:5000/full:v1',
      envProcess: 'node index.js',
      envVars: { SHARED: 'two', NUMBER: '3', URL: 'given', OWN: 'true' },
      secrets: ['key'],
      labels: { 'com.openfaas.scale.min': '1' },
      annotations: { 'trigger.quiet': 'false' },
      limits: { memory: '128Mi' },
      readOnlyRootFilesystem: true,
    },
  ])
})

test('what is wrong with a stack file is said in words', async () => {
  const path = join(folder, 'wrong.yml')
  writeFileSync(path, 'provider: { name: openfaas }\nfunctions: { a: { lang: dockerfile } }')
  await expect(readStackFile(path, {})).rejects.toThrow(/wrong\.yml.*functions\.a\.image/s)
  await expect(readStackFile(join(folder, 'absent.yml'), {})).rejects.toThrow(/absent\.yml cannot be read/)
})
