import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { run } from '../run.ts'
import type { JarPin } from './pins.ts'
import { place } from './place.ts'

/** Copies a jar into `folder` by Maven and keeps it only when its sha256 is the pinned one. */
export const installJar = (pin: JarPin, folder: string, signal?: AbortSignal): Promise<void> =>
  place(folder, async (temporary) => {
    const args = ['-B', '-q', 'dependency:copy', `-Dartifact=${pin.coordinates}`, `-DoutputDirectory=${temporary}`]
    const maven = await run('mvn', args, { cwd: temporary, signal })
    if (maven.code !== 0) throw whyMavenFailed(pin, maven.stdout + maven.stderr)
    const bytes = await readFile(join(temporary, jarName(pin)))
    if (createHash('sha256').update(bytes).digest('hex') !== pin.sha256) {
      const kept = `~/.m2/repository/${pin.coordinates.split(':')[0]?.replaceAll('.', '/')}/${pin.artifact}/${pin.version}`
      throw new Problem(`the download of ${pin.coordinates} is corrupt (its hash is not the pinned one): delete ${kept} and start again`)
    }
  })

/** The file's name in its folder. */
export const jarName = (pin: JarPin): string => `${pin.artifact}-${pin.version}.jar`

const whyMavenFailed = (pin: JarPin, output: string): Problem => {
  if (/No space left/i.test(output)) return new Problem(`the disk is full: no room for ${pin.coordinates}`)
  const cause = output.split('\n').find((line) => line.includes('[ERROR]')) ?? output.trim().split('\n').at(-1)
  return new Problem(`${pin.coordinates} could not be downloaded by Maven: ${cause?.replace('[ERROR]', '').trim()}`)
}
