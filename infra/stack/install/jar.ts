import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { run } from '../run.ts'
import type { JarPin } from './pins.ts'
import { place } from './place.ts'

/**
 * Copies jars into `folder` by one call of Maven and keeps them only when the sha256 of each is the pinned one.
 * @param finish - what else belongs into the folder before it is in its place.
 */
export const installJars = (
  pins: readonly JarPin[],
  folder: string,
  { signal, finish }: { signal?: AbortSignal | undefined; finish?: (temporary: string) => Promise<void> } = {},
): Promise<void> =>
  place(folder, async (temporary) => {
    const project = join(temporary, 'pom.xml')
    await writeFile(project, projectOf(pins))
    const maven = await run('mvn', ['-B', '-q', 'dependency:copy', `-DoutputDirectory=${temporary}`], { cwd: temporary, signal })
    if (maven.code !== 0) throw whyMavenFailed(pins, maven.stdout + maven.stderr)
    await rm(project)
    await Promise.all(pins.map((pin) => check(pin, join(temporary, jarName(pin)))))
    await finish?.(temporary)
  })

/** The file's name in its folder. */
export const jarName = (pin: JarPin): string => `${pin.artifact}-${pin.version}.jar`

async function check(pin: JarPin, file: string): Promise<void> {
  if (
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex') === pin.sha256
  )
    return
  const kept = `~/.m2/repository/${pin.coordinates.split(':')[0]?.replaceAll('.', '/')}/${pin.artifact}/${pin.version}`
  throw new Problem(`the download of ${pin.coordinates} is corrupt (its hash is not the pinned one): delete ${kept} and start again`)
}

/** A project that is nothing but a list: what is not in it, such as what the jars themselves depend on, is not copied. */
const projectOf = (pins: readonly JarPin[]): string => {
  const items = pins.map(({ coordinates }) => {
    const [group, artifact, version] = coordinates.split(':')
    return `<artifactItem><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></artifactItem>`
  })
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>trade2026</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <artifactId>maven-dependency-plugin</artifactId>
    <configuration><artifactItems>${items.join('\n')}</artifactItems></configuration>
  </plugin></plugins></build>
</project>
`
}

const whyMavenFailed = (pins: readonly JarPin[], output: string): Problem => {
  const what = pins.length === 1 ? pins[0]!.coordinates : `${pins.length} jars`
  if (/No space left/i.test(output)) return new Problem(`the disk is full: no room for ${what}`)
  const cause = output.split('\n').find((line) => line.includes('[ERROR]')) ?? output.trim().split('\n').at(-1)
  return new Problem(`${what} could not be downloaded by Maven: ${cause?.replace('[ERROR]', '').trim()}`)
}
