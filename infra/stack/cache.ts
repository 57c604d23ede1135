import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where downloaded servers are kept, shared by all clones: TRADE2026_CACHE, else the user's cache folder. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.TRADE2026_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trade2026')
