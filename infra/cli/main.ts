import { Command } from 'commander'
import { CodedError } from '../../shared/runtime/errors.ts'
import { messageOf, Problem } from '../stack/problem.ts'
import { addDlqCommands } from './dlq/commands.ts'
import { addLakeCommands } from './lake/commands.ts'
import { several } from './option.ts'

/** The command line. Each command's code is loaded only when it is called. */
const program = new Command('trade2026').description('Ticks to bars through small functions: the whole platform on this machine')

/** Ends with the code a command gives. */
const finish = async (work: Promise<number>): Promise<void> => {
  process.exitCode = await work
}

const withFeed = (command: Command): Command =>
  command
    .option('--replay <file>', 'feed recorded ticks instead of the simulator; may be given several times', several)
    .option('--exchange <name>', 'the exchange of the replayed ticks; once for all files, or once each', several)
    .option('--symbol <name>', 'the symbol of the replayed ticks; once for all files, or once each', several)
    .option('--speed <speed>', 'how fast to replay: 1 as recorded, N times as fast, or max')
    .option('--no-feed', 'feed nothing')

withFeed(program.command('up').description('start everything, feed ticks, show bars; Ctrl-C stops everything'))
  .option('--once', 'feed one file (or a minute of simulation), compare the bars with a recomputation, stop; exit code 0 only if equal')
  .action(async (options) => finish((await import('./up.ts')).up(options)))

withFeed(
  program.command('dev').description('start everything, and bring each change of functions/, shared/ and stack.yml to it when it is saved'),
).action(async (options) => finish((await import('./dev.ts')).dev(options)))

program
  .command('down')
  .description('stop a stack that runs, and what one left that was killed')
  .action(async () => finish((await import('./down.ts')).down()))

program
  .command('status')
  .description('show processes, functions and lag')
  .option('--json', 'as JSON')
  .action(async (options) => finish((await import('./status.ts')).status(options)))

program
  .command('deploy')
  .description('build functions of stack.yml (all, when none is named) and bring them to the running stack')
  .argument('[functions...]')
  .action(async (functions) => finish((await import('./deploy.ts')).deploy(functions)))

program
  .command('new')
  .description('make a function: a copy of the smallest one, with its test and its entry in stack.yml')
  .argument('<name>', 'such as big-moves')
  .action(async (name) => finish((await import('./new/new.ts')).newFunction(name)))

program
  .command('storage')
  .description(
    'create streams, buckets, tables and indices on the servers at NATS_URL, QUESTDB_URL, S3_URL and OPENSEARCH_URL, or bring them up to date; starts nothing',
  )
  .option('--wait <seconds>', 'how long a server may take to answer', '10')
  .action(async (options) => finish((await import('./storage.ts')).storage(options)))

program
  .command('logs')
  .description('print a log: nats, valkey, questdb, s3, opensearch, gateway, trigger-0, feed, or a function')
  .argument('<name>')
  .option('-f, --follow', 'go on with new lines')
  .option('-n, --lines <count>', 'how many lines to begin with', '100')
  .action(async (name, options) => finish((await import('./logs.ts')).logs(name, options)))

program
  .command('doctor')
  .description('check what this machine has and lacks')
  .action(async () => finish((await import('./doctor.ts')).doctor()))

program
  .command('reset')
  .description('delete all data of the stack')
  .option('--yes', 'do not ask')
  .action(async (options) => finish((await import('./reset.ts')).reset(options)))

addDlqCommands(program, finish)
addLakeCommands(program, finish)

program
  .command('replay')
  .description('feed recorded ticks into the running stack')
  .argument('<files...>')
  .option('--exchange <name>', 'the exchange of the ticks; once for all files, or once each', several)
  .option('--symbol <name>', 'the symbol of the ticks; once for all files, or once each', several)
  .option('--speed <speed>', 'how fast: 1 as recorded, N times as fast, or max', 'max')
  .action(async (files, options) => finish((await import('./replay.ts')).replay(files, options)))

program
  .command('test')
  .description('set up and run all tests')
  .argument('[vitest...]', 'options for vitest')
  .allowUnknownOption()
  .action(async (args) => finish((await import('./test.ts')).test(args)))

for (const [name, description] of [
  ['accept', 'run the acceptance rows and print the board; --here uses the running stack'],
  ['bench', 'measure throughput and latency beside what one would pick instead'],
  ['chaos', 'the fault run: kill, freeze and empty everything while ticks flow, then compare all bars'],
] as const) {
  program
    .command(name)
    .description(description)
    .argument('[options...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => finish((await import('./proof.ts')).runProof(name, args)))
}

try {
  await program.parseAsync()
} catch (error) {
  // What a person can put right is one line; anything else is a fault of ours and shows where it came from.
  const known = error instanceof Problem || error instanceof CodedError
  console.error(known ? `trade2026: ${messageOf(error)}` : error)
  process.exitCode = 1
}
