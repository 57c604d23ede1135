import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
})
afterAll(() => host.remove())

const json = async (path: string) => JSON.parse((await host.system('GET', path)).text)
const processesOf = (service: string) => host.replicas().filter((replica) => replica.service === service)

test('there is one namespace: it is listed, and none can be described, made, changed or removed', async () => {
  expect(await json('namespaces')).toEqual(['openfaas-fn'])
  const body = { name: 'dev', annotations: { openfaas: '1' }, labels: { openfaas: '1' } }
  const statuses = [
    await host.system('GET', 'namespace/openfaas-fn'),
    await host.system('POST', 'namespace/', body),
    await host.system('PUT', 'namespace/dev', body),
    await host.system('DELETE', 'namespace/dev', { name: 'dev', labels: { openfaas: '1' } }),
  ].map(({ status }) => status)
  expect(statuses).toEqual([501, 405, 405, 405])
  for (const path of ['functions', 'function/x', 'secrets', 'logs?name=x&x=']) {
    const answer = await host.system('GET', `${path}${path.includes('?') ? '&' : '?'}namespace=dev`)
    expect([answer.status, answer.text]).toEqual([400, 'namespace "dev" does not exist: the only one is openfaas-fn'])
  }
})

test.each([
  ['GET', 'nothing', 404],
  ['GET', 'functions/', 404],
  ['GET', 'function', 404],
  ['GET', 'function/a/b', 404],
  ['GET', 'function/absent', 404],
  ['PATCH', 'functions', 405],
  ['POST', 'info', 405],
  ['GET', 'alert', 405],
])('%s of %s answers %i', async (method, path, status) => {
  expect((await host.system(method, path)).status).toBe(status)
})

test.each([
  ['{}', 'functionName: '],
  ['{"functionName":""}', 'functionName: '],
  ['{"functionName":"a","namespace":"dev"}', 'namespace "dev" does not exist'],
  ['[]', 'body: '],
  ['', 'the body is not JSON'],
])('a wrong removal is refused in one line: %s', async (body, line) => {
  const answer = await host.system('DELETE', 'functions', body)
  expect([answer.status, answer.text.startsWith(line), answer.text.includes('\n')]).toEqual([400, true, false])
})

test('a body beyond the limit is refused', async () => {
  const body = { service: 'large', image: 'probe', envVars: { X: 'x'.repeat(2 ** 20) } }
  expect((await host.system('POST', 'functions', body)).status).toBe(413)
})

test('a function that is replaced as faas-cli does it, removed and deployed anew, serves at once', async () => {
  await host.deploy('replaced', { envVars: { FORM: '1' } })
  expect((await host.system('DELETE', 'functions', { functionName: 'replaced' })).status).toBe(202)
  expect((await host.system('POST', 'functions', { service: 'replaced', image: 'probe', envVars: { FORM: '2' } })).status).toBe(202)
  expect((await host.call('/function/replaced')).json().env.FORM).toBe('2')
  await until('the old one has ended', () => processesOf('replaced').length === 1)
})

test('whoever deploys a function at the same time as others, one form of it is left, whole and running', async () => {
  const forms = ['1', '2', '3', '4', '5', '6']
  const answers = await Promise.all(
    forms.map(async (FORM) => {
      const body = { service: 'raced', image: 'probe', envVars: { FORM } }
      const updated = await host.system('PUT', 'functions', body)
      return updated.status === 404 ? host.system('POST', 'functions', body) : updated
    }),
  )
  // Two that find none both create one: the second is told so, and the user deploys again.
  for (const { status, text } of answers)
    if (status !== 202) expect([status, text]).toEqual([400, expect.stringContaining('is deployed already')])
  expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0)
  await host.untilReady('raced')
  await until('one is left', () => processesOf('raced').length === 1)
  const shown = await json('function/raced')
  expect((await host.call('/function/raced')).json().env.FORM).toBe(shown.envVars.FORM)
})

const alert = (...alerts: [status: string, service: string][]) =>
  host.system('POST', 'alert', {
    receiver: 'scale-up',
    status: alerts[0]?.[0],
    alerts: alerts.map(([status, function_name]) => ({ status, labels: { alertname: 'APIHighInvocationRate', function_name } })),
  })

test('a firing alert adds a share of the most replicas, up to all of them, and its end brings the least back', async () => {
  const labels = { 'com.openfaas.scale.min': '1', 'com.openfaas.scale.max': '4', 'com.openfaas.scale.factor': '50' }
  await host.deploy('alerted', { labels })
  const wanted = async () => (await json('function/alerted')).replicas
  for (const replicas of [3, 4, 4]) {
    expect(await alert(['firing', 'alerted.openfaas-fn'])).toMatchObject({ status: 200, text: '' })
    expect(await wanted()).toBe(replicas)
  }
  expect((await alert(['resolved', 'alerted.openfaas-fn'])).status).toBe(200)
  expect(await wanted()).toBe(1)
})

test('an alert that cannot be followed is told by its place, and the others are followed', async () => {
  await host.deploy('mixed')
  const answer = await alert(['firing', 'absent.openfaas-fn'], ['firing', 'mixed'], ['firing', 'mixed.dev'])
  expect(answer).toMatchObject({
    status: 500,
    text: '0: function absent.openfaas-fn is not deployed\n2: function mixed.dev is not deployed',
  })
  expect((await json('function/mixed')).replicas).toBe(2)
  for (const body of ['x', '{}', '{"alerts":[{"status":"firing"}]}']) expect((await host.system('POST', 'alert', body)).status).toBe(400)
})

test('a scale factor that the gateway of the Community Edition would fail every call for is refused', async () => {
  for (const factor of ['0', '101', 'x', '1.5']) {
    const answer = await host.system('POST', 'functions', { service: 'f', image: 'probe', labels: { 'com.openfaas.scale.factor': factor } })
    expect([answer.status, answer.text]).toEqual([400, `label com.openfaas.scale.factor is "${factor}": a number from 1 to 100 is needed`])
  }
})

test('what replicas use is told when asked for, with processor time since the last question', async () => {
  await host.deploy('used', { labels: { 'com.openfaas.scale.min': '2' } })
  expect(await json('function/used')).not.toHaveProperty('usage')
  await until('the processor was used', async () => {
    await host.call('/function/used', { method: 'POST', body: Buffer.alloc(5_000_000) })
    const { usage } = await json('function/used?usage=1')
    return usage.cpu > 0 && usage.cpu < 100_000 && usage.totalMemoryBytes > 2 * 10_000_000
  })
})

test('with basic auth off the API is open, also to the empty token that faas-cli sends then', async () => {
  const open = await TestHost.start({ basic_auth: 'false' })
  expect((await open.call('/system/functions', { headers: { authorization: 'Bearer' } })).text).toBe('[]')
  expect((await open.call('/system/functions')).status).toBe(200)
  await open.remove()
})

test('metrics are on a port of their own, open to all, and nothing else is', async () => {
  const text = await host.metrics()
  for (const name of ['invocation_total', 'invocation_started']) expect(text).toContain(`# TYPE gateway_function_${name} counter`)
  expect(text).toContain('# TYPE gateway_functions_seconds histogram')
  expect(text).toContain('# TYPE gateway_service_count gauge')
  expect((await fetch(`http://127.0.0.1:${host.port + 1}/system/functions`)).status).toBe(404)
  expect((await host.call('/metrics')).status).toBe(404)
})
