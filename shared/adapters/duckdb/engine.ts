import { type ChildProcess, spawn } from 'node:child_process'
import type { SqlAnswer, SqlEngine, SqlQuery, SqlSession } from '../../ports/sql-engine.ts'
import { TerminalError } from '../../runtime/errors.ts'
import type { EngineBounds, Failure, FromEngine, ToEngine } from './messages.ts'
import { ENGINE } from './process.ts'

type Options = EngineBounds & {
  /** The program that is an engine when it is given {@link ENGINE} and the bounds. */
  readonly program: string
  /** A process is kept ready for so long after the last query. */
  readonly idleMs: number
}

/** What Node and DuckDB's library take of the data limit before a query needs anything, measured as 620 MB, most of it reserved and never touched. */
const BASE_MB = 768
const CODES = { sql: 'ERR_SQL', forbidden: 'ERR_FORBIDDEN', limit: 'ERR_LIMIT', internal: 'ERR_INTERNAL' } as const

/**
 * DuckDB, a process for each query. What it folds while it plans can neither be interrupted nor is it counted as memory (`repeat('x', 2000000000)` takes
 * 4 GB and half a minute after its interruption), so a query's bounds are its process's: the kernel's limit on data, and the end of it when its time is over.
 */
export function duckdbEngine({ program, memoryMb, threads, idleMs }: Options): SqlEngine {
  let spare: ChildProcess | undefined
  let idle: NodeJS.Timeout | undefined
  let closed = false

  const start = (): ChildProcess => {
    // `ulimit` is the shell's, and is inherited. Nothing of the environment is: there are no keys in it.
    const shell = `ulimit -d ${(BASE_MB + memoryMb) * 1024}; exec "$0" "$@"`
    const args = ['--max-old-space-size=256', '--max-semi-space-size=8', program, ENGINE, String(memoryMb), String(threads)]
    const child = spawn('/bin/sh', ['-c', shell, process.execPath, ...args], {
      env: { HOME: '/nonexistent', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    })
    child.on('error', () => {})
    return child
  }
  const end = () => {
    spare?.kill('SIGKILL')
    spare = undefined
  }
  const take = (): ChildProcess => {
    const child = spare && spare.exitCode === null && spare.signalCode === null ? spare : start()
    spare = undefined
    return child
  }

  return {
    open(mostMs) {
      const child = take()
      return session(child, mostMs, (isClean) => {
        // One that has only read a statement, such as one that was refused, can be the next one's.
        if (isClean && !spare && !closed) spare = child
        else child.kill('SIGKILL')
        if (closed) return
        spare ??= start()
        clearTimeout(idle)
        idle = setTimeout(end, idleMs).unref()
      })
    },
    close() {
      closed = true
      clearTimeout(idle)
      end()
    },
  }
}

type Waiting = { readonly parts: Uint8Array[]; readonly resolve: (message: FromEngine) => void; readonly reject: (error: Error) => void }

/** @param onClose - told whether the engine is as it was. */
function session(child: ChildProcess, mostMs: number, onClose: (isClean: boolean) => void): SqlSession {
  let waiting: Waiting | undefined
  let ended: Error | undefined
  let isClean = true
  let isClosed = false
  const fail = (error: Error) => {
    ended ??= error
    child.kill('SIGKILL')
    waiting?.reject(ended)
    waiting = undefined
  }
  const timer = setTimeout(() => fail(new TerminalError('ERR_LIMIT', `not done within ${mostMs / 1000} s`)), mostMs)
  const onMessage = (message: FromEngine) => {
    if ('ready' in message || !waiting) return
    if ('part' in message) {
      waiting.parts.push(message.part)
      return
    }
    const { resolve, reject } = waiting
    waiting = undefined
    if ('failed' in message) reject(errorOf(message.failed))
    else resolve(message)
  }
  const onError = (cause: Error) => fail(new TerminalError('ERR_INTERNAL', `the engine cannot be started: ${cause.message}`, cause))
  const onExit = (code: number | null, signal: string | null) =>
    fail(new TerminalError('ERR_LIMIT', `the engine ended (${signal ?? `code ${code}`}), most likely for want of memory`))
  child.on('message', onMessage).on('error', onError).on('exit', onExit)

  const ask = (message: ToEngine): Promise<{ readonly told: FromEngine; readonly parts: Uint8Array[] }> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended)
      const parts: Uint8Array[] = []
      waiting = { parts, resolve: (told) => resolve({ told, parts }), reject }
      child.send(message, (error) => error && fail(new TerminalError('ERR_INTERNAL', 'the engine does not listen', error)))
    })

  return {
    async parse(sql) {
      const { told } = await ask({ parse: sql })
      return JSON.parse((told as Extract<FromEngine, { parsed: string }>).parsed)
    },
    async run(query: SqlQuery): Promise<SqlAnswer> {
      isClean = false
      const { told, parts } = await ask({ run: query })
      return { ...(told as Extract<FromEngine, { done: unknown }>).done, body: parts }
    },
    close() {
      clearTimeout(timer)
      child.off('message', onMessage).off('error', onError).off('exit', onExit)
      const wasEnded = ended !== undefined
      ended ??= new TerminalError('ERR_INTERNAL', 'the session is closed')
      const isWaited = waiting !== undefined
      waiting?.reject(ended)
      if (!isClosed) onClose(isClean && !wasEnded && !isWaited)
      isClosed = true
    },
  }
}

const errorOf = ({ kind, message }: Failure): TerminalError => new TerminalError(CODES[kind], message)
