import { benchCommand } from '../command.ts'
import { startBenchHost } from './bench-host.ts'
import { hops } from './hop.ts'
import { memory } from './memory.ts'
import { scaleOut } from './scale-out.ts'
import { starts } from './start.ts'

const HELP = `npm run bench -- host [options]
  --rounds N    how often each measurement is taken: N times some (default 3)
  --only LIST   of hop, start, scale-out, memory (default: all)
  --json FILE   writes everything measured`

/** `npm run bench -- host`: what the local host adds to a call, and how fast a function is there. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    start: startBenchHost,
    parts: {
      memory: ({ host }) => memory(host),
      start: ({ host }, rounds, say) => starts(host, rounds, say),
      'scale-out': (_, rounds, say) => scaleOut(rounds, say),
      hop: ({ host }, rounds, say) => hops(host, rounds, say),
    },
  })
