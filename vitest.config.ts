import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * One group after the other; whole stacks never beside each other, or they would only measure how busy the machine is.
 * As many files at once as there are cores: integration tests mostly wait for servers.
 */
const project = (name: string, groupOrder: number, testTimeout: number, fileParallelism: boolean) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout * 2,
    fileParallelism,
    maxWorkers: fileParallelism ? availableParallelism() : 1,
    sequence: { groupOrder },
    globalSetup: name === 'integration' ? ['test/support/bundles.ts'] : [],
    env: { LOG_LEVEL: 'silent' },
  },
})

export default defineConfig({
  test: {
    globalSetup: ['test/support/compile-cache.ts'],
    projects: [project('unit', 1, 20_000, true), project('integration', 2, 60_000, true), project('e2e', 3, 240_000, false)],
  },
})
