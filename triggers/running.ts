/** A trigger at work. */
export type Running = { stop(): Promise<void> }
