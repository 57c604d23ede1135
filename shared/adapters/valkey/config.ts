import * as z from 'zod'

/** Where Valkey is. State lives in its database 0, the read cache in database 1, first messages of documents in database 3. */
export const valkeyConfig = { VALKEY_URL: z.url({ protocol: /^rediss?$/ }) }
