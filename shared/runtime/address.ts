/** What may be shown of a server's address: scheme, host and port. The user and password that it may hold are for the connection alone. */
export function shownAddress(url: string | URL): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
