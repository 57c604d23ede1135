/** This host's version: the project's own, which package.json says. */
export const RELEASE = '0.1.0'
