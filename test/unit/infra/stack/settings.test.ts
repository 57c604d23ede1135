import { expect, test } from 'vitest'
import { readSettings } from '../../../../infra/stack/settings.ts'

test('without any setting the stack is on its usual ports, in the repository', () => {
  const { data, ports, urls, given, without, triggers, valkeyMemory } = readSettings({})

  expect(data).toMatch(/\/data$/)
  expect(ports).toEqual({
    nats: 4222,
    natsMonitor: 8222,
    valkey: 6379,
    questdb: 9000,
    questdbPg: 8812,
    s3: 8333,
    s3Inner: 9333,
    opensearch: 9200,
    opensearchTransport: 9300,
    gateway: 8080,
    gatewayMetrics: 8082,
    trigger: 8083,
  })
  expect(urls).toEqual({
    NATS_URL: 'nats://127.0.0.1:4222',
    VALKEY_URL: 'redis://127.0.0.1:6379',
    QUESTDB_URL: 'http://127.0.0.1:9000',
    S3_URL: 'http://127.0.0.1:8333',
    OPENSEARCH_URL: 'http://127.0.0.1:9200',
    GATEWAY_URL: 'http://127.0.0.1:8080',
  })
  expect(given).toEqual({})
  expect(without).toEqual([])
  expect(triggers).toBe(1)
  expect(valkeyMemory).toBe('2gb')
})

test('an address given is used as it is', () => {
  const { given, urls } = readSettings({ QUESTDB_URL: 'http://db.lan:9100' })

  expect(given).toEqual({ questdb: 'http://db.lan:9100' })
  expect(urls.QUESTDB_URL).toBe('http://db.lan:9100')
})

test('an object store that is given comes with its keys', () => {
  const keys = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' }

  expect(() => readSettings({ S3_URL: 'https://s3.lan' })).toThrow(/S3_ACCESS_KEY and S3_SECRET_KEY/)
  expect(readSettings({ S3_URL: 'https://s3.lan', ...keys }).s3Keys).toEqual({ accessKey: 'a', secretKey: 'b' })
})

test('a stack may do without OpenSearch, but not be given one as well', () => {
  expect(readSettings({ TRADE2026_WITHOUT: 'opensearch' }).without).toEqual(['opensearch'])
  expect(() => readSettings({ TRADE2026_WITHOUT: 'nats' })).toThrow(/^TRADE2026_WITHOUT: /)
  expect(() => readSettings({ TRADE2026_WITHOUT: 'opensearch', OPENSEARCH_URL: 'http://search.lan' })).toThrow(/unset one of the two/)
})

test('every wrong setting is named in one line', () => {
  const wrong = { TRADE2026_PORT_NATS: '70000', TRADE2026_TRIGGERS: 'two', TRADE2026_VALKEY_MEMORY: 'much', VALKEY_URL: 'localhost' }

  expect(() => readSettings(wrong)).toThrow(
    /^TRADE2026_PORT_NATS: .*; TRADE2026_TRIGGERS: .*; TRADE2026_VALKEY_MEMORY: .*; VALKEY_URL: [^\n]*$/,
  )
})
