import { expect, test } from 'vitest'
import { beyondCommunity } from '../../../../infra/stack/edition.ts'

const one = (more: Record<string, unknown> = {}, service = 'f') => ({
  service,
  image: 'local/f:dev',
  envVars: {},
  annotations: {},
  ...more,
})

test('a stack within the limits is taken', () => {
  const labels = { 'com.openfaas.scale.min': '1', 'com.openfaas.scale.max': '5', 'com.openfaas.scale.factor': '20', team: 'a' }
  const many = Array.from({ length: 14 }, (_, i) => one({}, `f${i}`))
  expect(beyondCommunity([one({ labels, namespace: 'openfaas-fn' }), ...many])).toEqual([])
})

test('what is beyond them is told in one line each', () => {
  const labels = { 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.min': '0', 'com.openfaas.scale.max': '6' }
  const many = Array.from({ length: 15 }, (_, i) => one({}, `f${i}`))
  expect(beyondCommunity([one({ labels, namespace: 'dev' }), ...many])).toEqual([
    '16 functions: it takes 15',
    'f: namespace dev: it has openfaas-fn only',
    'f: label com.openfaas.scale.zero is of the paid edition',
    'f: label com.openfaas.scale.min is 0: it takes 1 to 5',
    'f: label com.openfaas.scale.max is 6: it takes 1 to 5',
  ])
})
