/** Where the epochs of a stream are written down, in the control bucket. */
export const epochKey = (stream: string): string => `epoch.${stream}`

/** Where it is written down at what place of a stream a function began. */
export const beginKey = (functionName: string, stream: string): string => `begin.${functionName}.${stream}`

/** Where it is written down how far a feed of documents was read. */
export const feedKey = (feed: string): string => `alt-feed.${feed}`
