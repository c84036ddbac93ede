import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{apps,libs,tools,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Each file that needs Postgres starts a server of its own; more of them than cores only slows all down.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
