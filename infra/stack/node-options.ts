/** V8's own threads: by default four a process, whatever the machine. Where all compile at once what has become hot, calls would wait for 200 ms. */
export const FEW_THREADS = '--v8-pool-size=1'
/** A call leaves much behind that is young: collected more often, it is collected in a few milliseconds, not in fifty. */
export const SHORT_PAUSES = '--max-semi-space-size=4'
