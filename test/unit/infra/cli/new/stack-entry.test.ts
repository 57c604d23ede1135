import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withEntry } from '../../../../../infra/cli/new/stack-entry.ts'
import { ROOT } from '../../../../../infra/stack/settings.ts'

const FILE = `# Ours
version: "1.0"
provider: { name: openfaas }

functions: # all of them
  # the first
  one:
    image: \${IMAGES:-local}/one:1 # its image
    labels: { a: "1" }

    annotations:
      # a comment inside
      http.route: "/one"

  # the second
  "two":
    image: two:1

# about the rest
configuration:
  copy: [shared]
`

const rename = (entry: string) => entry.replaceAll('one', 'three')

test('an entry is added behind the last one; every other line stays as it is', () => {
  const text = withEntry(FILE, 'one', rename)
  const added = `
  three:
    image: \${IMAGES:-local}/three:1 # its image
    labels: { a: "1" }

    annotations:
      # a comment inside
      http.route: "/three"
`
  expect(text).toBe(FILE.replace('    image: two:1\n', `    image: two:1\n${added}`))
})

test('a quoted name, another indent and line ends of Windows are understood', () => {
  const deep = FILE.replaceAll(/^ +/gm, (space) => space + space).replaceAll('\n', '\r\n')
  const text = withEntry(deep, 'two', (entry) => entry.replaceAll('two', 'three'))
  expect(text).toContain('        image: two:1\r\n\r\n    "three":\r\n        image: three:1\r\n\r\n# about')
})

test('a file that ends without a line end gets the entry at its end', () => {
  expect(withEntry('functions:\n  one:\n    image: one', 'one', rename)).toBe(
    'functions:\n  one:\n    image: one\n\n  three:\n    image: three',
  )
})

test('without the entry that is to be copied nothing is made', () => {
  expect(() => withEntry(FILE, 'four', rename)).toThrow('stack.yml has no entry four to copy')
  expect(() => withEntry('version: "1.0"\n', 'one', rename)).toThrow('no entry')
})

test('our own stack file', () => {
  const own = readFileSync(join(ROOT, 'stack.yml'), 'utf8')
  const text = withEntry(own, 'persist-bars', (entry) => entry.replaceAll('persist-bars', 'x'))
  expect(text.startsWith(own)).toBe(true)
  expect(text.slice(own.length)).toMatch(/^\n {2}x:\n {4}lang: dockerfile\n/)
})
