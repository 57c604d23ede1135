import * as z from 'zod'

/** Where the NATS server is. User and password, or a token alone, stand before the host; `tls:` asks for TLS. */
export const natsConfig = { NATS_URL: z.url({ protocol: /^(nats|tls)$/ }) }

/** What a NATS address says: its parts as the protocol's CONNECT names them. */
type NatsAddress = {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly credentials: { readonly user: string; readonly pass: string } | { readonly auth_token: string } | Record<never, never>
}

/** Reads a NATS address. */
export function natsAddress(text: string): NatsAddress {
  const url = new URL(text)
  const [name, password] = [url.username, url.password].map(decodeURIComponent) as [string, string]
  const credentials = name === '' ? {} : password === '' ? { auth_token: name } : { user: name, pass: password }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 4222), tls: url.protocol === 'tls:', credentials }
}
