import { expect, test } from 'vitest'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { triggerConfig } from '../../../triggers/config.ts'

test('without settings the process is on loopback and has a name that no other has', () => {
  const [one, other] = [loadConfig(triggerConfig, {}), loadConfig(triggerConfig, {})]

  expect(one).toMatchObject({ GATEWAY_URL: 'http://127.0.0.1:8080', HOST: '127.0.0.1', TRIGGER_METRICS_PORT: 8083 })
  expect(one.TRIGGER_ID).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(one.TRIGGER_ID).not.toBe(other.TRIGGER_ID)
})

test('a name, a host and a gateway over https are taken as they are given', () => {
  const given = { TRIGGER_ID: 'trigger-7', HOST: '0.0.0.0', GATEWAY_URL: 'https://gateway.example' }

  expect(loadConfig(triggerConfig, given)).toMatchObject(given)
  expect(() => loadConfig(triggerConfig, { GATEWAY_URL: 'ftp://gateway.example' })).toThrow(/GATEWAY_URL/)
})
