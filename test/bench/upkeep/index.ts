import { lakeOf } from '../../support/lake.ts'
import { startOwnStack } from '../../support/own-stack.ts'
import { remove } from '../client.ts'
import { benchCommand } from '../command.ts'
import { behind, steady } from './rows.ts'

const HELP = `npm run bench -- upkeep [options]
  a day of flushes each 10 s, and what upkeep makes of it
  --flushes N   of the day (default 8640)
  --rows N      rows a flush (default 1000)
  --file-mb N   size of a whole file in MiB (default 128)
  --only LIST   of steady (upkeep each 30 flushes), behind (all at the end) (default: both)
  --json FILE   writes everything measured`

/** `npm run bench -- upkeep`: how many files a day becomes, how long that takes, and what it needs. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    options: { flushes: '8640', rows: '1000', 'file-mb': '128' },
    async start(option, say) {
      const stack = await startOwnStack({ say })
      await stack.process('trigger-0').stop()
      const target = Number(option('file-mb')) * 1024 * 1024
      const lake = async (name: string) => {
        const key = `lake/${name}`
        await stack.deploy({
          LAKE_TICKS_TABLE: key,
          LAKE_FILE_BYTES: String(target),
          LAKE_UPKEEP_ANSWER_MS: '1000',
          LAKE_UPKEEP_MS: '3600000',
        })
        await remove(stack, ['tick-to-bar', 'persist-bars', 'flush-batch', 'bars'])
        return lakeOf(stack.urls.S3_URL, key)
      }
      return { stack, lake, flushes: Number(option('flushes')), rows: Number(option('rows')), target, stop: stack.discard }
    },
    parts: { steady: (rig, _, say) => steady(rig, say), behind: (rig, _, say) => behind(rig, say) },
  })
