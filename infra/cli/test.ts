import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAll } from '../build/bundle.ts'
import { cacheFolder } from '../stack/cache.ts'
import { installer } from '../stack/install/install.ts'
import { makeStartCache, opensearchTraining, questdbTraining } from '../stack/install/start-cache.ts'
import { ROOT } from '../stack/settings.ts'

type VitestFile = { readonly status: string; readonly assertionResults: readonly unknown[] }
type VitestReport = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly VitestFile[]
}

/** Sets up, then runs format and lint, types, and all tests; the last line counts them. Arguments go to vitest. */
export async function test(vitestArgs: readonly string[]): Promise<number> {
  const install = installer({ cache: cacheFolder(), onProgress: console.log })
  const questdb = install.questdb().then((files) => makeStartCache(questdbTraining(files)))
  const opensearch = install.opensearch().then((files) => makeStartCache(opensearchTraining(files)))
  await Promise.all([install.nats(), install.valkey(), install.s3(), questdb, opensearch, judges(), buildAll()])
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-vitest-'))
  const json = join(folder, 'report.json')
  const checks = [await runHere('biome', ['ci', '.']), await runHere('tsc', [])]
  const vitest = await runHere('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${json}`, ...vitestArgs])
  const report = await readFile(json, 'utf8').then(JSON.parse, () => undefined)
  await rm(folder, { recursive: true })
  const { passed, failed, skipped } = tally(report, vitest)
  const failedChecks = checks.filter((code) => code !== 0).length
  console.log(`\n${passed} passed, ${failed + failedChecks} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed + failedChecks > 0 ? 1 : 0
}

/** The independent readers of Delta tables: the tests fail without them. Loaded by path: nothing of the product imports tests. */
const judges = async (): Promise<void> => {
  const { installReaders } = (await import(new URL('../../test/support/readers.ts', import.meta.url).href)) as {
    installReaders(): Promise<unknown>
  }
  await installReaders()
}

/** Counts tests; a file that could not be loaded, or a failure outside any test, counts as one failed test. */
export function tally(report: VitestReport | undefined, exitCode: number): { passed: number; failed: number; skipped: number } {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
  const failed = report.numFailedTests + unloaded
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const runHere = async (tool: string, args: readonly string[]): Promise<number> => {
  console.log(`\n> ${tool} ${args.join(' ')}`)
  const child = spawn(join(ROOT, 'node_modules/.bin', tool), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
