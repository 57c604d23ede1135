import { run } from '../run.ts'

/**
 * A server found on PATH, if it is new enough for what the stack asks of it; undefined otherwise.
 * @param versionFlag - what makes it print its version, of the form `v2.15.1` or `v=9.1.2`.
 */
export async function onPath(command: string, oldest: readonly [number, number], versionFlag = '--version'): Promise<string | undefined> {
  const { code, stdout } = await run(command, [versionFlag])
  const [, major, minor] = /v=?(\d+)\.(\d+)/.exec(stdout) ?? []
  if (code !== 0 || major === undefined || minor === undefined) return undefined
  const found = [Number(major), Number(minor)] as const
  return found[0] > oldest[0] || (found[0] === oldest[0] && found[1] >= oldest[1]) ? command : undefined
}
