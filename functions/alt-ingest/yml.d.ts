/** A file of settings: read, and made part of the bundle, when it is built (infra/build/yml.ts). */
declare module '*.yml' {
  const content: unknown
  export default content
}
