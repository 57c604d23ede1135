import { setPriority } from 'node:os'
import { failureOf } from './failure.ts'
import type { EngineBounds, FromEngine, ToEngine } from './messages.ts'
import { run } from './run.ts'

/** The argument that makes a process an engine. */
export const ENGINE = 'duckdb-engine'
/** Others on this machine come first. */
const NICE = 5

const isolated = {
  temp_directory: '',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
}

/** The engine's process: one query's DuckDB, told what to do by its parent, gone with it. */
export async function runEngine({ memoryMb, threads }: EngineBounds): Promise<void> {
  const tell = (message: FromEngine) => process.send?.(message)
  // DuckDB may be in the middle of anything: there is nothing to be tidied up.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  const library = await import('@duckdb/node-api')
  const instance = await library.DuckDBInstance.create(':memory:', { ...isolated, threads: String(threads), memory_limit: `${memoryMb}MB` })
  const connection = await instance.connect()

  const take = async (message: ToEngine): Promise<void> => {
    if ('parse' in message) {
      const result = await connection.runAndReadAll('SELECT json_serialize_sql(?::VARCHAR)', [message.parse])
      tell({ parsed: String(result.getRows()[0]![0]) })
      return
    }
    setPriority(NICE)
    tell({ done: await run(library, connection, message.run, (part) => void (part.length > 0 && tell({ part }))) })
  }
  process.on('message', (message: ToEngine) => {
    take(message).catch((error) => tell({ failed: failureOf(error) }))
  })
  tell({ ready: true })
}
