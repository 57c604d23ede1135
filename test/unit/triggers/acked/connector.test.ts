import { expect, test } from 'vitest'
import { connectorHeaders } from '../../../../triggers/acked/connector.ts'
import { held } from './content.ts'

test('a plain message goes with its own headers, those of the connectors, and what names it whenever it comes', () => {
  const message = held({ subject: 'orders.é', sequence: 42, ms: 1234, sends: 3, headers: ['color: red', 'Nats-Msg-Id: 9'] })
  expect(connectorHeaders('f', 'S', message)).toEqual({
    'Content-Type': 'text/plain',
    'Idempotency-Key': 'f:S:42',
    color: 'red',
    'X-Topic': Buffer.from('orders.é').toString('latin1'),
    'X-Connector': 'trade2026',
    'X-Nats-Stream': 'S',
    'X-Nats-Sequence': 42,
    'X-Nats-Time-Ms': 1234,
    'X-Nats-Attempt': 3,
  })
})

test('a message may say its type and its key, whatever the case; several of one name go on together', () => {
  const headers = ['content-type: application/json', 'IDEMPOTENCY-KEY: mine', 'tag: a', 'Tag: b', 'tag: c']
  expect(connectorHeaders('f', 'S', held({ headers }))).toMatchObject({
    'Content-Type': 'application/json',
    'Idempotency-Key': 'mine',
    tag: ['a', 'b', 'c'],
  })
})

test('what speaks of the connection or the platform is never a message to say, and what HTTP does not take is left out', () => {
  const headers = [
    'Host: evil',
    'Authorization: x',
    'Content-Length: 3',
    'X-Topic: other',
    'X-Call-Id: mine',
    'a b: c',
    'ok: line\u0001',
    'fine: é',
  ]
  const sent = connectorHeaders('f', 'S', held({ subject: 's', headers }))
  expect(Object.keys(sent).map((name) => name.toLowerCase())).not.toEqual(expect.arrayContaining(['host']))
  expect(sent).toMatchObject({ 'X-Topic': 's', fine: Buffer.from('é').toString('latin1') })
  for (const name of ['Authorization', 'Content-Length', 'X-Call-Id', 'a b', 'ok']) expect(sent).not.toHaveProperty(name)
})
