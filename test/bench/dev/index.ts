import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeSettings } from '../../../infra/stack/settings.ts'
import { readStackFile } from '../../../infra/stack/stack-file.ts'
import { environmentOf, run } from '../../e2e/command-line.ts'
import { beforeEnd } from '../../support/before-end.ts'
import { copyProject } from '../../support/project-copy.ts'
import { benchCommand } from '../command.ts'
import type { Row } from '../report.ts'
import { median } from '../usage.ts'

const HELP = `npm run bench -- dev [options]
  --rounds N    how often each measurement is taken: N times some (default 3)
  --only LIST   of one, all (default: both)
  --json FILE   writes everything measured`

/** Saves of each file a round: the first ones are like the others, as all is built once when dev begins. */
const SAVES = 6
/** People look at what they did before they save again. */
const PAUSE_MS = 500

/** `npm run bench -- dev`: from a save to the new code running, as `trade2026 dev` says it itself, in a copy of the project. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    start: startDev,
    parts: {
      one: (dev, rounds, say) => saves(dev, 'functions/tick-to-bar/handler.ts', ['tick-to-bar'], rounds, say),
      all: (dev, rounds, say) => saves(dev, 'shared/runtime/serve.ts', dev.functions, rounds, say),
    },
  })

type Dev = Awaited<ReturnType<typeof startDev>>

async function startDev() {
  const copy = await copyProject()
  const settings = await freeSettings(join(copy.folder, 'data'))
  const command = run(process.execPath, ['infra/cli/trade2026.mjs', 'dev', '--no-feed'], { cwd: copy.root, env: environmentOf(settings) })
  const stop = async () => {
    goOn()
    await command.stop()
    await copy.discard()
  }
  const goOn = beforeEnd(stop)
  while (!command.output().includes('save a file in')) {
    await Promise.race([sleep(100), command.ended])
    if (command.hasEnded()) throw new Error(command.output())
  }
  const functions = (await readStackFile(join(copy.root, 'stack.yml'), {})).map(({ service }) => service)
  return { ...command, root: copy.root, functions, stop }
}

/** Saves a file again and again, each time with a change of the code. */
async function saves(dev: Dev, file: string, functions: readonly string[], rounds: number, say: (line: string) => void): Promise<Row[]> {
  const path = join(dev.root, file)
  const runs: number[] = []
  await appendFile(path, '\n')
  for (let i = 0; i < rounds * SAVES; i++) {
    const from = dev.output().length
    await appendFile(path, `Object.assign(globalThis, { saved: ${i} })\n`)
    const ms = await Promise.all(functions.map((name) => saidMs(dev, name, from)))
    runs.push(Math.max(...ms))
    say(`  ${file}: ${ms.join(', ')} ms`)
    await sleep(PAUSE_MS)
  }
  const what = functions.length === 1 ? `a file of ${functions[0]}` : `a file of all ${functions.length} functions, to the last of them`
  return [{ what: `saved -> running, ${what}`, unit: 'ms', median: median(runs), runs }]
}

async function saidMs(dev: Dev, name: string, from: number): Promise<number> {
  const line = new RegExp(`${name}: saved -> running in (\\d+) ms`)
  for (;;) {
    const found = line.exec(dev.output().slice(from))
    if (found) return Number(found[1])
    if (dev.hasEnded()) throw new Error(dev.output())
    await sleep(20)
  }
}
