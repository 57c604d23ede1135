import * as z from 'zod'

/** Where OpenSearch's HTTP port is; a user and a password in it are sent as basic authentication. */
export const opensearchConfig = { OPENSEARCH_URL: z.url({ protocol: /^https?$/ }) }
