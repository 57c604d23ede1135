const silent = () => {}

/** Stands for shared/runtime/log.ts: making a real logger costs more than the rest of a simulated process. */
export const createLog = () => ({ level: 'silent', debug: silent, info: silent, warn: silent, error: silent })
