import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installJars, jarName } from './jar.ts'
import type { JarPin } from './pins.ts'

/** What starts OpenSearch: `home` holds its modules, `jars` are its class path in a fixed order. */
export type OpensearchFiles = { readonly java: string; readonly home: string; readonly jars: readonly string[] }

/**
 * The parts that the server loads by itself, each from a folder of its own: HTTP and transport, and the analysers of natural languages.
 * What they need beside their own jar is on the class path, so that one start cache holds it.
 */
const MODULES: Record<string, { readonly artifact: string; readonly className: string }> = {
  'transport-netty4': { artifact: 'transport-netty4-client', className: 'org.opensearch.transport.Netty4ModulePlugin' },
  'analysis-common': { artifact: 'analysis-common', className: 'org.opensearch.analysis.common.CommonAnalysisModulePlugin' },
}
const SERVER = 'org.opensearch:opensearch:'

/** The version of the server among its jars. */
export const opensearchVersion = (pins: readonly JarPin[]): string => {
  const server = pins.find(({ coordinates }) => coordinates.startsWith(SERVER))
  if (!server) throw new Error(`no pin of ${SERVER}`)
  return server.version
}

/** The jars of the class path: all but those of modules. */
export const classPath = (pins: readonly JarPin[], home: string): string[] => {
  const ofModules = Object.values(MODULES).map(({ artifact }) => artifact)
  return pins.filter(({ artifact }) => !ofModules.includes(artifact)).map((pin) => join(home, jarName(pin)))
}

/** Gets the jars and lays the modules out as the server looks for them. */
export const installOpensearch = (pins: readonly JarPin[], home: string, signal?: AbortSignal): Promise<void> => {
  const version = opensearchVersion(pins)
  const layOut = async (temporary: string) => {
    // The server would make these at its first start; it must not have to write here.
    for (const name of ['bin', 'lib', 'plugins']) await mkdir(join(temporary, name))
    for (const [name, { artifact, className }] of Object.entries(MODULES)) {
      const folder = join(temporary, 'modules', name)
      const jar = jarName(pins.find((pin) => pin.artifact === artifact)!)
      await mkdir(folder, { recursive: true })
      await rename(join(temporary, jar), join(folder, jar))
      await writeFile(join(folder, 'plugin-descriptor.properties'), descriptor(name, className, version))
    }
  }
  return installJars(pins, home, { signal, finish: layOut })
}

const descriptor = (name: string, className: string, version: string) => `name=${name}
description=${name}
version=${version}
opensearch.version=${version}
java.version=21
classname=${className}
`
