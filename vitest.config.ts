import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], testTimeout: number) => ({
  extends: true as const,
  test: { name, include, testTimeout, hookTimeout: testTimeout * 2, env: { LOG_LEVEL: 'silent' } },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/unit/**/*.test.ts'], 20_000),
      project('integration', ['test/integration/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 240_000),
    ],
  },
})
