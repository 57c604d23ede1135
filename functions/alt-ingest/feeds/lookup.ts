import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { type Block, mayConnect } from './address.ts'
import { FeedError } from './fault.ts'

type Found = (error: Error | null, addresses: LookupAddress[]) => void

/** Resolves a name to all its addresses. */
export type Lookup = (host: string, found: Found) => void

const bySystem: Lookup = (host, found) => systemLookup(host, { all: true, order: 'verbatim' }, found)

/**
 * Resolves names for a connection that is about to be made: to addresses that may be asked, and to none where one of them may not. The connection
 * goes to what is found here, so a name that means another address a moment later gains nothing by it.
 */
export const lookupWithin =
  (allowed: readonly Block[], resolve: Lookup = bySystem): LookupFunction =>
  (host, options, callback) =>
    resolve(host, (error, addresses) => {
      const refused = addresses?.find(({ address }) => !mayConnect(address, allowed))
      if (error || addresses.length === 0) callback(error ?? new FeedError('unreachable', `${host} has no address`), [])
      else if (refused) callback(new FeedError('refused', `${host} is ${refused.address}, which is not a public address`), [])
      else if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
