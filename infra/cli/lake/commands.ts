import { type Command, InvalidArgumentError } from 'commander'

type Finish = (work: Promise<number>) => Promise<void>

const whole = (text: string): number => {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number')
}

/** The commands on the lake: what is in it, how it came there, and whether it is whole. */
export function addLakeCommands(program: Command, finish: Finish): void {
  const lake = program.command('lake').description('the tables on S3')
  const of = (command: Command): Command =>
    command.option('--table <path>', 'which table of the bucket', undefined).option('--json', 'as JSON')

  of(lake.command('ls').description('show a table: its columns, partitions, and where its writers stand'))
    .option('--version <number>', 'as it was at this version', whole)
    .action(async (options) => finish((await import('./ls.ts')).ls(options)))

  of(lake.command('history').description('show the commits, the newest first'))
    .option('-n, --lines <count>', 'how many', whole, 20)
    .action(async (options) => finish((await import('./history.ts')).history(options)))

  of(lake.command('files').description('list the data files'))
    .option('--version <number>', 'as it was at this version', whole)
    .action(async (options) => finish((await import('./files.ts')).files(options)))

  of(
    lake.command('verify').description('read every row, and say what is there twice or not at all; exit code 0 only if the table is whole'),
  ).action(async (options) => finish((await import('./verify.ts')).verify(options)))
}
