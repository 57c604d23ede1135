import type { Command } from 'commander'
import { several } from '../option.ts'

type Finish = (work: Promise<number>) => Promise<void>

/** The commands on dead letters: to look through them, to bring messages back, to throw letters away. */
export function addDlqCommands(program: Command, finish: Finish): void {
  const dlq = program.command('dlq').description('dead letters: messages that a function refused for good')

  withFilter(dlq.command('list').description('list dead letters, the oldest first'))
    .option('--json', 'one JSON object a line')
    .action(async (options) => finish((await import('./list.ts')).list(options)))

  dlq
    .command('show')
    .description('show one dead letter whole')
    .argument('<number>')
    .option('--json', 'as JSON')
    .option('--body', "only the refused message's bytes")
    .action(async (number, options) => finish((await import('./show.ts')).show(number, options)))

  withFilter(dlq.command('redrive').description('send refused messages to their subjects again, in their order, and remove their letters'))
    .argument('[numbers...]')
    .option('--all', 'all there are')
    .option('--json', 'the result as JSON')
    .action(async (numbers, options) => finish((await import('./redrive.ts')).redrive(numbers, options)))

  withFilter(dlq.command('purge').description('delete dead letters for ever'))
    .argument('[numbers...]')
    .option('--all', 'all there are')
    .option('--yes', 'do not ask')
    .option('--json', 'the result as JSON')
    .action(async (numbers, options) => finish((await import('./purge.ts')).purge(numbers, options)))
}

const withFilter = (command: Command): Command =>
  command
    .option('--function <name>', 'refused by this function; may be given several times', several)
    .option('--code <code>', 'with this code; may be given several times', several)
    .option('--subject <pattern>', 'of this subject (wildcards * and > as in NATS); may be given several times', several)
    .option('--since <time>', 'written since: 10m, 2h, 7d ago, or a time in ISO 8601')
    .option('--until <time>', 'written before: as --since')
    .option('--limit <count>', 'at most so many, the oldest first')
