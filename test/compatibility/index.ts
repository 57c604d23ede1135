import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../infra/stack/settings.ts'
import { page } from './page.ts'
import { faasCli, runAll } from './run.ts'

/** Runs faas-cli's commands against the local host and writes docs/compatibility.md; exit code 1 if any did not do what it must. */
const cli = faasCli()
if (!cli) {
  console.error('there is no faas-cli on PATH')
  process.exit(2)
}
const sections = await runAll(cli)
const findings = sections.flatMap((section) => section.findings)
for (const { row, failure, output } of findings) if (failure) console.log(`${row.command}: ${failure}\n${output}`)
writeFileSync(join(ROOT, 'docs/compatibility.md'), page(sections, process.argv[2]))
const failed = findings.filter(({ failure }) => failure).length
console.log(`${findings.length - failed} of ${findings.length} commands did what they must`)
process.exitCode = failed > 0 ? 1 : 0
