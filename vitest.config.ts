import { defineConfig } from 'vitest/config'

// unit: pure, seconds. integration: real PostgreSQL, Envoy and sockets (`*.it.test.ts`). browser: e2e stories in Chromium.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['{server,collectors,components}/**/*.test.{ts,tsx}'], exclude: ['**/*.it.test.ts', 'node_modules/**'] } },
      {
        test: {
          name: 'integration',
          include: ['{server,collectors}/**/*.it.test.ts'],
          globalSetup: ['server/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      { test: { name: 'browser', include: ['e2e/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false } },
    ],
  },
})
