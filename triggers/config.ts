import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import * as z from 'zod'

/**
 * A name that no other process has, nor this one after a restart: two of one name would take each other's leases in turns. The random part
 * is needed in containers, where every process has the number 1.
 */
const ownName = (): string => `${hostname().replace(/[^A-Za-z0-9_-]/g, '-')}-${process.pid}-${randomBytes(3).toString('hex')}`

/** The trigger process's own settings: docs/operations.md explains each. */
export const triggerConfig = {
  GATEWAY_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
  SECRETS_DIR: z.string().default('/var/openfaas/secrets'),
  TRIGGER_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .default(ownName),
  TRIGGER_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(8083),
  TRIGGER_FORGET_AFTER_MS: z.coerce.number().int().min(0).default(86_400_000),
  HOST: z.string().default('127.0.0.1'),
}
