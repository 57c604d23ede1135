/** The text of a migration: infra/build teaches it to esbuild, Vite knows it. */
declare module '*.sql?raw' {
  const text: string
  export default text
}
