/** Parameters that say where a reader came from, not what is read. */
const TRACKING = /^(utm_\w+|gclid|dclid|fbclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|ocid|cmpid|ncid)$/i

/**
 * The one form of a web address that all spellings of it have: host in lower case, https, no default port, credentials, fragment or tracking parameters,
 * parameters by name, no slash at the end (RFC 3986 section 6.2, and what sharing adds). null for what is no address of the web.
 */
export function canonicalUrl(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  url.username = url.password = url.hash = ''
  if (url.port === '80') url.port = ''
  url.protocol = 'https:'
  for (const name of [...url.searchParams.keys()]) if (TRACKING.test(name)) url.searchParams.delete(name)
  url.searchParams.sort()
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url.href
}
