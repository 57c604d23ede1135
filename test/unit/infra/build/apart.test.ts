import { expect, test } from 'vitest'
import { apart } from '../../../../infra/build/apart.ts'

const CODE = `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url);
// shared/a.ts
import { createServer } from "node:http";
import pino, {
  stdTimeFunctions,
  levels as levels2
} from "pino";
import * as z from "zod";
import "polyfill";
import { Counter as Counter2 } from "prom-client";
import { other } from "./other.js";
import data from "data" with { type: "json" };
var text = \`
import { nothing } from "a-text";
\`;
const late = await import("late");
`

test('what own code imports of packages comes from the other file, and that file passes on just this', async () => {
  const { own, packages } = await apart(CODE)
  expect(packages.split('\n')).toEqual([
    "export * as _zod$2f$2a from 'zod'",
    "export { Counter as _prom$2dclient$2fCounter } from 'prom-client'",
    "export { default as _pino$2fdefault } from 'pino'",
    "export { levels as _pino$2flevels } from 'pino'",
    "export { stdTimeFunctions as _pino$2fstdTimeFunctions } from 'pino'",
    "import 'polyfill'",
  ])
  const changed = own('./packages-1.js').split('\n')
  expect(changed).toContain(
    "import { _pino$2fdefault as pino, _pino$2fstdTimeFunctions as stdTimeFunctions, _pino$2flevels as levels2 } from './packages-1.js';",
  )
  expect(changed).toContain("import { _zod$2f$2a as z } from './packages-1.js';")
  const kept = ['node:http', './other.js', 'a-text', 'data', 'late'].map((name) => CODE.split('\n').find((line) => line.includes(name))!)
  expect(changed).toEqual(expect.arrayContaining(kept))
})

test('own code that is written in another order uses the same packages; without any there is no other file', async () => {
  const one = await apart('import { a } from "x";\nimport { b } from "y";\n')
  const other = await apart('import { b } from "y";\nimport { a } from "x";\nimport { a as a2 } from "x";\n')
  expect(other.packages).toBe(one.packages)
  expect((await apart('import { a } from "node:fs";\n')).packages).toBe('')
})
