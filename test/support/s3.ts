import { S3_DEVELOPMENT_KEYS } from '../../infra/stack/services/s3.ts'
import { connectS3, type S3 } from '../../shared/adapters/s3/connect.ts'
import { BUCKET } from '../../shared/contract/lake.ts'
import type { TestServers } from './servers.ts'

/** The bucket of a test's own server. */
export const s3Of = ({ urls }: Pick<TestServers, 'urls'>): S3 =>
  connectS3({ S3_URL: urls.S3_URL, S3_REGION: 'us-east-1', S3_BUCKET: BUCKET }, S3_DEVELOPMENT_KEYS)
