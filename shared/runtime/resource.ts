/** Something with a connection: `ready` says whether it can serve now, `close` ends it. Closing twice is harmless. */
export type Resource = { readonly name: string; ready(): Promise<boolean>; close(): Promise<void> }
