import * as z from 'zod'
import { loadConfig } from '../../shared/runtime/config.ts'

/** One bundle, deployed twice: each store of documents has a trigger, a position and a pace of its own, and loads its own clients alone. */
const { ALT_SINK } = loadConfig({ ALT_SINK: z.enum(['search', 'lake']).default('search') })

await (ALT_SINK === 'lake' ? import('./serve-lake.ts') : import('./serve-search.ts'))
