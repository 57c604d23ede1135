import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bar } from '../../shared/contract/bar.ts'
import { compareBars } from '../../triggers/sources/compare-bars.ts'
import { referenceBars } from '../support/reference.ts'
import { barsInStream, barsInTable, newestOf } from '../support/stored-bars.ts'
import { barsOfTape } from './expected.ts'
import { checkLake, checkLog } from './lake.ts'
import type { Check, Verdict } from './report.ts'
import type { Tape } from './tape.ts'
import { symbolOfPlay, type Track } from './tracks.ts'
import { checkLetters, contradictions, letters } from './verify.ts'
import type { World } from './world.ts'

/** Everything that must hold once the last bar is stored. @param cameAgain - whether ticks were sent a second time by a re-created or cut stream. */
export async function verdictOf(world: World, tracks: readonly Track[], tape: Tape, cameAgain: boolean): Promise<Verdict> {
  const expected = barsOfTape(tape)
  const inStream = await barsInStream(world.connection)
  const table = await barsInTable(world.stack.urls.QUESTDB_URL)
  const newest = [...newestOf(inStream).values()]
  const twice = contradictions(inStream)
  const dead = checkLetters(tape, await letters(world.connection), cameAgain)
  const lake = await checkLake(world.lake, tape)
  const log = await checkLog(world)
  const alive = ended(world)
  return [
    comparison('bars in QuestDB', expected.length, compareBars(table, expected)),
    comparison('greatest versions in the stream', expected.length, compareBars(newest, expected)),
    ...(await whole(tracks, tape, table)),
    {
      check: 'versions with two contents',
      found: `${twice.length} of ${inStream.length} messages`,
      ok: twice.length === 0,
      examples: twice,
    },
    {
      check: 'bad messages in the dead letters',
      found: `${dead.expected - dead.missing.length} of ${dead.expected}`,
      ok: dead.missing.length === 0,
      examples: dead.missing,
    },
    {
      check: 'other dead letters',
      found: `${dead.late} late (sent again), ${dead.unexplained.length} unexplained`,
      ok: dead.unexplained.length === 0,
      examples: dead.unexplained,
    },
    {
      check: 'ticks in the lake',
      found: `${lake.rows} rows: ${lake.missing.length} missing, ${lake.double.length} double, ${lake.different.length} different`,
      ok: lake.missing.length + lake.double.length + lake.different.length === 0,
      examples: [...lake.missing, ...lake.double, ...lake.different],
    },
    { check: 'versions of the lake', found: log.found, ok: log.wrong.length === 0, examples: log.wrong },
    { check: 'processes', found: alive.length === 0 ? 'all alive' : `${alive.length} troubles`, ok: alive.length === 0, examples: alive },
  ]
}

/** @param differences - one line each, as `compareBars` gives them. */
function comparison(check: string, bars: number, differences: readonly string[]): Check {
  const missing = differences.filter((line) => line.endsWith(': missing')).length
  const extra = differences.filter((line) => line.endsWith(': extra')).length
  const different = new Set(differences.flatMap((line) => /^(.*): \w+ is /.exec(line)?.[1] ?? [])).size
  const found = `${bars} bars: ${different} different, ${missing} missing, ${extra} extra`
  return { check, found, ok: differences.length === 0, examples: differences }
}

/** Files that were played to their end are compared with the reference bars beside the data as well. */
async function whole(tracks: readonly Track[], tape: Tape, table: readonly Bar[]): Promise<Check[]> {
  const checks = tracks.flatMap(({ exchange, symbol, length, reference }, i) => {
    const plays = reference === undefined ? 0 : Math.floor(tape.counts[i]! / length)
    return Array.from({ length: plays }, async (_, play) => {
      const name = symbolOfPlay(symbol, play)
      const want = await referenceBars(reference!, { exchange, symbol: name })
      const got = table.filter((bar) => bar.exchange === exchange && bar.symbol === name)
      return comparison(`reference ${exchange} ${name}`, want.length, compareBars(got, want))
    })
  })
  return Promise.all(checks)
}

/** Processes that are not there, or that died more often than we killed them. */
export function ended({ stack, kills }: Pick<World, 'stack' | 'kills'>): string[] {
  const troubles = [...stack.processes.values()]
    .filter(({ name }) => name !== 'trigger-1')
    .flatMap(({ name, state, restarts }) => [
      ...(state === 'running' ? [] : [`${name} is ${state}`]),
      ...(restarts > (kills.get(name) ?? 0) ? [`${name} died ${restarts - (kills.get(name) ?? 0)} times by itself`] : []),
    ])
  const log = readFileSync(join(stack.settings.data, 'logs', 'gateway.log'), 'utf8')
  const died = log.split('\n').filter((line) => line.includes('"replica died"') && /"cause":"(exit code|SIG(?!KILL))/.test(line))
  return [...troubles, ...died]
}
