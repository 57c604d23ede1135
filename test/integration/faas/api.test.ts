import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
})
afterAll(() => host.remove())

test('the management API is closed to all but its user', async () => {
  for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` }]) {
    const answer = await host.call('/system/functions', { headers })
    expect([answer.status, answer.headers['www-authenticate'], answer.text]).toEqual([
      401,
      'Basic realm="Restricted"',
      'invalid credentials',
    ])
  }
  expect(await host.system('GET', 'functions')).toMatchObject({ status: 200, text: '[]' })
  expect((await host.call('/healthz')).status).toBe(200)
})

test('a function is deployed, shown exactly as it came, invoked under all its names, and removed', async () => {
  const deployment = {
    service: 'life',
    image: 'registry.example:5000/team/probe:v1@sha256:00',
    envProcess: 'node index.js',
    envVars: { GREETING: 'hello', TRICKY: 'a"b=c ü' },
    labels: { 'com.openfaas.scale.min': '1' },
    annotations: { 'http.route': '/living', note: 'x' },
    limits: { memory: '128Mi' },
    constraints: ['zone=a'],
    readOnlyRootFilesystem: true,
  }
  expect((await host.system('PUT', 'functions', deployment)).status).toBe(404)
  expect((await host.system('POST', 'functions', { ...deployment, network: 'unknown field' })).status).toBe(202)
  await host.untilReady('life')
  expect((await host.system('POST', 'functions', deployment)).status).toBe(400)

  const { service, ...rest } = deployment
  const shown = JSON.parse((await host.system('GET', 'function/life?usage=1')).text)
  expect(shown).toMatchObject({ name: service, ...rest, namespace: 'openfaas-fn', replicas: 1, availableReplicas: 1, invocationCount: 0 })
  expect(Number.isNaN(Date.parse(shown.createdAt))).toBe(false)
  expect(shown).not.toHaveProperty('network')
  const { usage, ...listed } = shown
  expect(usage).toEqual({ cpu: expect.any(Number), totalMemoryBytes: expect.any(Number) })
  expect(usage.totalMemoryBytes).toBeGreaterThan(10_000_000)
  expect(JSON.parse((await host.system('GET', 'functions?namespace=openfaas-fn')).text)).toEqual([listed])

  for (const [path, seen] of [
    ['/function/life', '/'],
    ['/function/life/', '/'],
    ['/function/life?a=1&b=%20', '/?a=1&b=%20'],
    ['/function/life.openfaas-fn/a//b%2Fc?d', '/a//b%2Fc?d'],
    ['/living', '/'],
    ['/living?x=1', '/?x=1'],
    ['/living/BTC?interval=1m', '/BTC?interval=1m'],
  ] as const) {
    const answer = await host.call(path)
    expect([answer.status, answer.json().url]).toEqual([200, seen])
  }
  expect((await host.call('/livingston')).status).toBe(404)
  expect((await host.call('/function/life.other')).status).toBe(404)

  expect((await host.system('DELETE', 'functions', { functionName: 'life' })).status).toBe(202)
  expect((await host.system('DELETE', 'functions', { functionName: 'life' })).status).toBe(404)
  expect((await host.system('GET', 'function/life')).status).toBe(404)
  expect((await host.call('/function/life')).status).toBe(404)
  await until('its process has ended', () => host.replicas().length === 0)
})

test('a function gets its own environment, and of the host only where to listen and where its code is kept compiled', async () => {
  await host.deploy('lean', { envVars: { ONLY: 'this' } })
  const { env } = (await host.call('/function/lean')).json()
  const ofTheHost = { HOST: '127.0.0.1', PORT: expect.stringMatching(/^\d+$/), NODE_COMPILE_CACHE: expect.stringContaining(host.folder) }
  expect(env).toEqual({ ONLY: 'this', ...ofTheHost })
})

test.each([
  ['{', 'the body is not JSON'],
  ['[]', 'deployment: body'],
  [{ service: 'a' }, 'deployment: image'],
  [{ service: 'Upper', image: 'probe' }, 'service name "Upper"'],
  [{ service: '-a', image: 'probe' }, 'service name "-a"'],
  [{ service: 'a'.repeat(64), image: 'probe' }, 'service name'],
  [{ service: 'a', image: 'local/absent:dev' }, 'has no bundle functions/absent/index.js'],
  [{ service: 'a', image: '../../etc/passwd ' }, 'is not a name'],
  [{ service: 'a', image: 'probe', namespace: 'dev' }, 'namespace "dev" does not exist'],
  [{ service: 'a', image: 'probe', secrets: ['key'] }, 'secret "key" does not exist'],
  [{ service: 'a', image: 'probe', labels: { 'com.openfaas.scale.min': '9' } }, 'com.openfaas.scale.min is "9"'],
  [{ service: 'a', image: 'probe', annotations: { 'http.route': '/system/x' } }, 'belongs to the gateway'],
  [{ service: 'a', image: 'probe', annotations: { 'http.route': 'x' } }, 'http.route is "x"'],
  [{ service: 'a', image: 'probe', annotations: { 'trigger.stream': 'S', 'trigger.delivery': 'akced' } }, 'annotations trigger.* of a: '],
  [{ service: 'a', image: 'probe', annotations: { 'trigger.schedule': 'bananas' } }, 'annotations trigger.* of a: '],
])('a wrong deployment is refused in one clear line: %j', async (body, line) => {
  const answer = await host.system('POST', 'functions', body)
  expect(answer.status).toBe(400)
  expect(answer.text).toContain(line)
  expect(answer.text).not.toContain('\n')
})

test('two functions cannot have the same route', async () => {
  await host.deploy('first', { annotations: { 'http.route': '/same' } })
  const second = await host.system('POST', 'functions', { service: 'second', image: 'probe', annotations: { 'http.route': '/same' } })
  expect([second.status, second.text]).toEqual([400, 'annotation http.route /same is taken by function first'])
})

test('replicas follow the scale call within their labels', async () => {
  await host.deploy('wide', { labels: { 'com.openfaas.scale.min': '1', 'com.openfaas.scale.max': '3' } })
  const scale = (replicas: number) => host.system('POST', 'scale-function/wide', { serviceName: 'wide', replicas })
  const running = () => host.replicas().filter(({ service }) => service === 'wide').length

  expect((await scale(9)).status).toBe(202)
  await host.untilReady('wide')
  expect(running()).toBe(3)
  expect((await scale(1)).status).toBe(202)
  await until('two have ended', () => running() === 1)
  expect((await scale(0)).status).toBe(400)
  expect((await host.system('POST', 'scale-function/absent', { replicas: 1 })).status).toBe(404)
})

test('requests with the same affinity meet the same replica, others spread', async () => {
  await host.deploy('sticky', { labels: { 'com.openfaas.scale.min': '3' } })
  const pidOf = async (affinity: string) => (await host.call('/function/sticky', { headers: { 'x-affinity': affinity } })).json().pid
  const first = await Promise.all(Array.from({ length: 20 }, (_, i) => pidOf(`s${i}`)))
  const again = await Promise.all(Array.from({ length: 20 }, (_, i) => pidOf(`s${i}`)))
  expect(again).toEqual(first)
  expect(new Set(first).size).toBe(3)
})

test('info and metrics have the names that OpenFaaS gives them', async () => {
  await host.deploy('counted')
  await host.call('/function/counted')
  const { version } = manifest
  expect(JSON.parse((await host.system('GET', 'info')).text)).toMatchObject({
    provider: { provider: 'trade2026', orchestration: 'processes', version: { release: version } },
    version: { release: version, sha: expect.any(String), commit_message: expect.any(String) },
    arch: expect.stringMatching(/^(x86_64|aarch64)$/),
  })
  const text = await host.metrics()
  expect(text).toContain('gateway_function_invocation_started{function_name="counted.openfaas-fn"} 1')
  expect(text).toContain('gateway_function_invocation_total{function_name="counted.openfaas-fn",code="200"} 1')
  expect(text).toContain('gateway_functions_seconds_count{function_name="counted.openfaas-fn",code="200"} 1')
  expect(text).toContain('gateway_service_count{function_name="counted.openfaas-fn"} 1')
  expect(JSON.parse((await host.system('GET', 'function/counted')).text).invocationCount).toBe(1)
})

test('every replica is named as a target of its own, for Prometheus to find', async () => {
  await host.deploy('seen', { labels: { 'com.openfaas.scale.min': '2' } })

  const targets = JSON.parse((await host.system('GET', 'targets')).text) as { targets: string[]; labels: Record<string, string> }[]

  const seen = targets.filter(({ labels }) => labels.function === 'seen')
  expect(seen.map(({ labels }) => labels.replica).sort()).toEqual(['0', '1'])
  const pidAt = async (address: string) => ((await (await fetch(`http://${address}/`)).json()) as { pid: number }).pid
  const pids = await Promise.all(seen.map(({ targets: [address] }) => pidAt(address!)))
  const running = host.replicas().filter(({ service }) => service === 'seen')
  expect(pids.sort()).toEqual(running.map(({ pid }) => pid).sort())
  expect((await host.call('/system/targets')).status).toBe(401)
})
