import { benchCommand } from '../command.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { startRig } from './rig.ts'
import { rows } from './rows.ts'
import { searches } from './searches.ts'

const HELP = `npm run bench -- search [options]
  --docs N      documents, generated ones mixed with real ones (default 100000)
  --rounds N    interleaved rounds of each measurement (default 3)
  --only LIST   of rows, latency, search, memory (default: all)
  --json FILE   writes everything measured`

/** `npm run bench -- search`: documents from the stream into search index and lake, and searches in them, beside a plain bulk script. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    options: { docs: '100000' },
    start: (option, say) => startRig(Number(option('docs')), say),
    parts: {
      rows,
      latency,
      search: searches,
      memory,
    },
  })
