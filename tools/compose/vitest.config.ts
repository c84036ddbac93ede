import { defineConfig } from 'vitest/config'

// What is tested with the composed platform: minutes, a Docker engine, and images built from this folder.
export default defineConfig({
  test: {
    include: ['tools/compose/*.compose.ts'],
    // One platform at a time.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
  },
})
