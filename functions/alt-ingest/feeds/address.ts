import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A block of addresses, as `10.0.0.0/8`. */
export type Block = readonly [Address, number]

/** IPv6 that is routed at all; outside of it are the forms that only stand for an IPv4 address. */
const ROUTED: Block = ipaddr.parseCIDR('2000::/3')

/** Reads blocks parted by commas; one address is a block of its own. @throws {Error} naming what is none. */
export const blocksOf = (text: string): Block[] =>
  text
    .split(',')
    .map((block) => block.trim())
    .filter(Boolean)
    .map((block) => {
      if (block.includes('/')) return ipaddr.parseCIDR(block)
      const address = ipaddr.parse(block)
      return [address, address.kind() === 'ipv4' ? 32 : 128]
    })

/**
 * Whether a feed may be fetched from this address: one of the public Internet, or of a block that is allowed. Private, loopback, link-local, multicast and
 * reserved ones are not, in whatever form: `::ffff:10.0.0.1` is `10.0.0.1`, and what is tunnelled to an IPv4 address is refused as a whole.
 */
export function mayConnect(text: string, allowed: readonly Block[]): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  const isIn = ([block, bits]: Block) => block.kind() === address.kind() && address.match([block, bits] as [typeof address, number])
  return allowed.some(isIn) || (address.range() === 'unicast' && (address.kind() === 'ipv4' || isIn(ROUTED)))
}
