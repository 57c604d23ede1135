import { expect, test } from 'vitest'
import { faasCli, runAll } from '../../compatibility/run.ts'

const cli = faasCli()
const what = 'every command of faas-cli does what it must'

test.skipIf(!cli)(cli ? what : `${what} (left out: there is no faas-cli on PATH)`, { timeout: 600_000 }, async () => {
  const sections = await runAll(cli!)
  const failed = sections.flatMap(({ findings }) => findings.filter(({ failure }) => failure !== null))
  expect(failed.map(({ row, failure, output }) => `${row.command}: ${failure}: ${output}`)).toEqual([])
})
