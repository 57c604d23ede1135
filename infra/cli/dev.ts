import { join } from 'node:path'
import { readRecords } from '../build/record.ts'
import type { Saved } from '../dev/saves.ts'
import { DevSession } from '../dev/session.ts'
import { run } from '../stack/run.ts'
import { ROOT, readSettings } from '../stack/settings.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { feedOf, stopSignal, type UpOptions } from './up.ts'

const DIST = join(ROOT, 'dist')

/** Starts everything as `up` does, and brings each saved change to it until Ctrl-C. */
export async function dev(options: UpOptions): Promise<number> {
  const stopped = stopSignal()
  const feed = feedOf(options)
  const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 23)}  ${line}`)
  const stack = await startStack({ settings: readSettings(), say, signal: stopped })
  try {
    if (feed) await stack.feed(feed)
    const session = new DevSession({ root: ROOT, dist: DIST, target: stack.target, say, before: (saved) => beside(stack, saved, say) })
    await session.start()
    say(
      `all is up: gateway ${stack.urls.GATEWAY_URL}; save a file in functions/, shared/ or stack.yml and it runs. Ctrl-C stops everything`,
    )
    await new Promise<void>((done) => {
      if (stopped.aborted) done()
      stopped.addEventListener('abort', () => done())
    })
    await session.close()
  } finally {
    say('stopping')
    await stack.stop()
  }
  say('stopped: no process is left')
  return 0
}

/** What a change means beside the functions: streams are made, and processes that are not replaced are named. */
async function beside({ urls }: Stack, saved: Saved, say: (line: string) => void): Promise<void> {
  if (saved.has('shared/contract/streams.ts')) {
    // In a process of its own: this one knows the table as it was.
    const { NATS_URL, QUESTDB_URL } = urls
    const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, 'infra/cli/main.ts'), 'storage'], {
      env: { NATS_URL, QUESTDB_URL },
    })
    say(code === 0 ? 'streams and tables are as the source says' : `streams: ${(stderr || stdout).trim()}`)
  }
  const processes = Object.entries(await readRecords(DIST)).filter(
    ([, { inputs }]) => !inputs.some((path) => path.startsWith('functions/')),
  )
  const concerned = processes.filter(([, { inputs }]) => inputs.some((path) => saved.has(path))).map(([name]) => name)
  if (concerned.length > 0) say(`${concerned.join(', ')}: made of this too, and goes on as it was until the next start`)
}
