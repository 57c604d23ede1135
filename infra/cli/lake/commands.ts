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
    lake
      .command('audit')
      .description('hold a table against its stream, day by day; exit code 0 only if it is whole, and all of that is known'),
  )
    .option('--rows <count>', 'look at so many rows at most, the newest; 0: by the log alone', whole, 2_000_000)
    .action(async (options) => finish((await import('./audit.ts')).audit(options)))

  of(
    lake.command('verify').description('read every row, and say what is there twice or not at all; exit code 0 only if the table is whole'),
  ).action(async (options) => finish((await import('./verify.ts')).verify(options)))

  lake
    .command('sql')
    .description('ask the running stack a SELECT over the tables, by its function lake-query and with its limits')
    .argument('<statement>', 'such as "SELECT symbol, count(*) FROM ticks GROUP BY symbol"; - reads it from standard input')
    .option('--json', 'the answer as JSON')
    .option('--csv', 'the rows as CSV')
    .option('--version <number>', 'the table as it was at this version', whole)
    .action(async (statement, options) => finish((await import('./sql.ts')).sql(statement, options)))

  lake
    .command('export')
    .description('write the ticks of a symbol and day to a file, in order of time; over one that is there, when it is whole')
    .argument('<symbol>', 'such as BTCUSDT')
    .argument('<day>', 'YYYY-MM-DD, UTC')
    .option('--format <name>', 'parquet or csv', 'parquet')
    .option('--out <file>', 'where to; SYMBOL-DAY.FORMAT in this folder otherwise')
    .option('--version <number>', 'of the table as it was at this version', whole)
    .option('--table <path>', 'which table of the bucket')
    .action(async (symbol, day, options) => finish((await import('./export.ts')).exportTicks(symbol, day, options)))
}
