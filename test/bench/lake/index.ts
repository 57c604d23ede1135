import { startOwnStack } from '../../support/own-stack.ts'
import { remove } from '../client.ts'
import { benchCommand } from '../command.ts'
import { behind } from './behind.ts'
import { installPeers } from './peers/run.ts'
import { committed } from './rows.ts'

const HELP = `npm run bench -- lake [options]
  --rounds N    interleaved rounds of each measurement (default 3)
  --ticks N     ticks of the tape (default 900000)
  --only LIST   of rows, behind (default: all)
  --json FILE   writes everything measured`

/** `npm run bench -- lake`: from the stream to committed rows of the lake, beside what one would use instead, with nothing else reading. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    options: { ticks: '900000' },
    async start(option, say) {
      await installPeers()
      const stack = await startOwnStack({ say })
      await stack.process('trigger-0').stop()
      await remove(stack, ['tick-to-bar', 'persist-bars', 'lake-upkeep'])
      return { stack, most: Number(option('ticks')), stop: stack.discard }
    },
    parts: {
      rows: ({ stack, most }, rounds, say) => committed(stack, { rounds, most }, say),
      behind: ({ stack }, _, say) => behind(stack, say),
    },
  })
