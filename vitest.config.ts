import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

const CORES = availableParallelism()

/** One group after the other, each in so many processes at once. */
const project = (name: string, groupOrder: number, testTimeout: number, maxWorkers: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout * 2,
    maxWorkers,
    sequence: { groupOrder },
    globalSetup: name === 'integration' ? ['test/support/bundles.ts'] : [],
    env: { LOG_LEVEL: 'silent' },
  },
})

export default defineConfig({
  test: {
    globalSetup: ['test/support/compile-cache.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', 1, 20_000, CORES),
      project('integration', 2, 120_000, CORES),
      // Of whole stacks two: more of them would only measure how busy the machine is.
      project('e2e', 3, 240_000, 2),
    ],
  },
})
