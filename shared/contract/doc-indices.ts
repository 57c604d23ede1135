/** What all documents are read by: the alias of every index of documents. */
export const DOCUMENTS = 'alt_news'

/** The template that gives each new index of documents its fields. */
export const DOCUMENTS_TEMPLATE = 'alt-docs'

/** Where functions write down where they stand; not behind the alias. */
export const POSITIONS_INDEX = 'trade2026_positions'

/** `alt_{category}-YYYY.MM`: the index of a document whose first message came at `seenMs` (broker's time, ms). Its own date may be of another century. */
export const docIndexName = (category: string, seenMs: number): string =>
  `alt_${category}-${new Date(seenMs).toISOString().slice(0, 7).replace('-', '.')}`
