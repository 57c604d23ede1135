/** One header of a message: a name may stand there several times. */
export type Header = readonly [name: string, value: string]

/** The headers of a block as NATS writes it, in their order; its first line, which names the version, is none. */
export const headersIn = (block: string): Header[] =>
  block.split('\r\n').flatMap((line): Header[] => {
    const colon = line.indexOf(':')
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : []
  })
