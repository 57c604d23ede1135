import { benchCommand } from '../command.ts'
import { throughput } from './drain.ts'
import { idle, steady } from './latency.ts'
import { redriven } from './redrive.ts'
import { startRig } from './rig.ts'
import { storm } from './storm.ts'

const HELP = `npm run bench -- acked [options]
  --rounds N      how often each throughput is measured (default 3)
  --only LIST     of throughput, latency, idle, storm, redrive (default: all)
  --profile DIR   writes CPU profiles of trigger, gateway and function
  --json FILE     writes everything measured`

/** `npm run bench -- acked`: what acked triggers do with a function that does nothing, beside a plain consumer that POSTs message by message. */
export const main = (args: string[]): Promise<number> =>
  benchCommand(args, {
    help: HELP,
    options: { profile: '' },
    start: (option) => startRig(option('profile') || undefined),
    parts: {
      throughput,
      latency: (rig, _, say) => steady(rig, say),
      idle: (rig, _, say) => idle(rig, say),
      storm: (rig, _, say) => storm(rig, say),
      redrive: redriven,
    },
  })
