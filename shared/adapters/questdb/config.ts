import * as z from 'zod'

/** Where QuestDB's HTTP port is; a user and a password in it are sent as basic authentication. */
export const questdbConfig = { QUESTDB_URL: z.url({ protocol: /^https?$/ }) }
