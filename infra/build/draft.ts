import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type BuildContext, build, context } from 'esbuild'
import { apart } from './apart.ts'
import { type Output, optionsFor, PACKAGES } from './output.ts'
import type { Target } from './targets.ts'

const optionsOf = (root: string, dist: string, target: Target) => ({ ...optionsFor(root, dist, [target]), sourcemap: false as const })

type Context = BuildContext<ReturnType<typeof optionsOf>>
type File = Output['outputFiles'][number]

/**
 * Builds one bundle again and again, each time quickly: without a source map, and with its packages in a file beside it that is made anew only
 * when other things of them are used. That is a tenth of the work, and when it starts Node has compiled most of it before.
 */
export class Draft {
  readonly #root: string
  readonly #dist: string
  readonly #target: Target
  #own: Promise<Context> | undefined
  #packages: File | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(root: string, dist: string, target: Target) {
    this.#root = root
    this.#dist = dist
    this.#target = target
  }

  /** Builds from the sources as they are now. @throws {Error} with esbuild's `errors` when one does not build. */
  build(): Promise<Output> {
    // One that is asked for during another would get that one's result from esbuild, which may be older.
    const built = this.#last.then(() => this.#build())
    this.#last = built.catch(() => {})
    return built
  }

  async #build(): Promise<Output> {
    const options = optionsOf(this.#root, this.#dist, this.#target)
    this.#own ??= context({ ...options, packages: 'external' })
    const output = await (await this.#own).rebuild()
    const [main] = output.outputFiles as [File]
    const { own, packages } = await apart(main.text)
    if (packages === '') return output
    try {
      const file = await this.#fileOf(packages)
      const contents = Buffer.from(own(`./${basename(file.path)}`))
      return { ...output, outputFiles: [file, { ...main, contents }] }
    } catch {
      // All in one, as it is always built: that works, or says in which of the sources what is wrong.
      return build(options)
    }
  }

  async close(): Promise<void> {
    await this.#last
    await (await this.#own)?.dispose()
  }

  /** The packages' file; its name says what is in it, so that own code never meets another one than it was made for. */
  async #fileOf(source: string): Promise<File> {
    const installed = await stat(join(this.#root, 'package-lock.json')).catch(() => undefined)
    const key = createHash('sha256').update(`${installed?.mtimeMs}\n${source}`).digest('hex').slice(0, 16)
    const path = join(this.#dist, dirname(this.#target.out), `${PACKAGES}${key}.js`)
    if (this.#packages?.path === path) return this.#packages
    const { entryPoints: _, ...options } = optionsOf(this.#root, this.#dist, this.#target)
    const resolveDir = join(this.#root, dirname(this.#target.entry))
    const { outputFiles } = await build({ ...options, stdin: { contents: source, resolveDir } })
    this.#packages = { ...outputFiles[0]!, path }
    return this.#packages
  }
}
