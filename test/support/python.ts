import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cacheFolder } from '../../infra/stack/cache.ts'
import { place } from '../../infra/stack/install/place.ts'
import { run } from '../../infra/stack/run.ts'

const ENV = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' }

/**
 * Installs the Python packages of a requirements file into a folder of their own, once for all clones, and gives that folder (for PYTHONPATH).
 * @throws {Error} when it cannot: who asks for a judge does not do without.
 */
export async function pythonPackages(requirements: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cacheFolder(), `python-${basename(dirname(requirements))}-${hash}-${process.arch}`)
  await place(folder, async (temporary) => {
    const flags = ['--quiet', '--no-input', '--no-deps', '--only-binary=:all:', '--target', temporary, '-r', requirements]
    const { code, stderr } = await run('python3', ['-m', 'pip', 'install', ...flags], { env: ENV })
    if (code !== 0) throw new Error(`${requirements} could not be installed: ${stderr.trim()}`)
  })
  return folder
}

/** Runs Python with the packages of a folder; gives what it prints. @throws {Error} with what it complains of. */
export const runPython = (packages: string, args: readonly string[], input = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' }
    const child = spawn('python3', args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`python3 ${args.join(' ')}: ${stderr}`))))
    child.stdin.end(input)
  })
