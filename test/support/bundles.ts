import { buildAll } from '../../infra/build/bundle.ts'

/** Tests start processes as the stack does, from their bundles: these are of the sources as they are when the run begins. */
export default async function build(): Promise<void> {
  await buildAll()
}
