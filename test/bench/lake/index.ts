import { startOwnStack } from '../../support/own-stack.ts'
import { remove } from '../client.ts'
import { benchCommand } from '../command.ts'
import { spyTape } from '../ticks.ts'
import { committed } from './rows.ts'

const HELP = `npm run bench -- lake [options]
  --rounds N    rounds of each measurement (default 3)
  --ticks N     most ticks of the tape (default: all, about 1.9 million)
  --only LIST   of rows (default: all)
  --json FILE   writes everything measured`

/** Smaller than usual, so that a tape of 1.9 M ticks makes several commits of which the first and the last can be left out. */
const COMMIT_ROWS = 300_000

/** `npm run bench -- lake`: from the stream to committed rows of the lake, with nothing else reading. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    options: { ticks: '3000000' },
    async start(option, say) {
      const stack = await startOwnStack({ say })
      await stack.process('trigger-0').stop()
      await stack.deploy({ LAKE_FLUSH_ROWS: String(COMMIT_ROWS) })
      await remove(stack, ['tick-to-bar', 'persist-bars', 'lake-upkeep'])
      return { stack, most: Number(option('ticks')), stop: stack.discard }
    },
    parts: { rows: async ({ stack, most }, rounds, say) => committed(stack, await spyTape(), { rounds, most }, say) },
  })
