/** The text of a script: known to Vite, and so to vitest; infra/build teaches it to esbuild. */
declare module '*.lua?raw' {
  const text: string
  export default text
}
