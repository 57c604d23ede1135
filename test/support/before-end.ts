const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Stops what was started before a signal ends this process. @returns how to take that back. */
export function beforeEnd(stop: () => Promise<void>): () => void {
  const ended = () => void stop().finally(() => process.exit(130))
  for (const name of SIGNALS) process.on(name, ended)
  return () => {
    for (const name of SIGNALS) process.off(name, ended)
  }
}
