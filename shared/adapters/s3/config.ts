import * as z from 'zod'
import { BUCKET } from '../../contract/lake.ts'

/** Where the objects are. The keys are secrets: `s3-access-key` and `s3-secret-key`. */
export const s3Config = {
  S3_URL: z.url({ protocol: /^https?$/ }),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3).default(BUCKET),
}
