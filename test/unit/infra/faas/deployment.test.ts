import { expect, test } from 'vitest'
import { bundleOf, parseDeployment, revisionOf } from '../../../../infra/faas/deployment.ts'

test.each([
  ['bars', 'bars'],
  ['local/bars:dev', 'bars'],
  ['registry.example:5000/team/tick-to-bar:1.2.3', 'tick-to-bar'],
  ['ghcr.io/team/bars@sha256:0123', 'bars'],
  ['ghcr.io/team/bars:v1@sha256:0123', 'bars'],
])('image %s stands for bundle %s', (image, bundle) => {
  expect(bundleOf(image)).toBe(bundle)
})

test.each(['', '/', 'local/', 'local/..', '../x/..:dev', 'a b', 'local/.hidden', 'x:y:z'])('image %j stands for none', (image) => {
  expect(() => bundleOf(image)).toThrow(/image/)
})

test.each(['a', '0', 'a-b', 'a'.repeat(63)])('service name %s is taken', (service) => {
  expect(parseDeployment({ service, image: 'x' })).toEqual({ service, image: 'x' })
})

test.each(['', 'A', 'a_b', 'a.b', '-a', 'a-', 'a'.repeat(64), 'a/b'])('service name %j is refused', (service) => {
  expect(() => parseDeployment({ service, image: 'x' })).toThrow(/service name/)
})

test('code, environment, memory and share of the cores make a new revision; labels, annotations and the order of variables do not', () => {
  const code = 'code'
  const base = { service: 'a', image: 'a', envVars: { A: '1', B: '2' } }
  const revision = revisionOf(base, code)
  expect(revisionOf({ ...base, envVars: { B: '2', A: '1' }, labels: { x: 'y' }, annotations: { x: 'y' } }, code)).toBe(revision)
  expect(revisionOf({ ...base, envVars: { A: '1', B: '3' } }, code)).not.toBe(revision)
  expect(revisionOf({ ...base, limits: { memory: '64Mi' } }, code)).not.toBe(revision)
  expect(revisionOf({ ...base, requests: { cpu: '100m' } }, code)).not.toBe(revision)
  expect(revisionOf(base, 'other code')).not.toBe(revision)
})
