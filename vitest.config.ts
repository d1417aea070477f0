import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute or two are begun first, so that nobody waits for one of them at the end. */
const LONGEST = ['supervisor', 'renewals', 'push-order', 'crash', 'egress', 'sidecar', 'cli', 'spread', 'rotation', 'traffic', 'labelled-stream', 'two-controls', 'doors']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.it.test.ts`)) >>> 0 // none is last
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

// unit: pure, seconds. integration: real PostgreSQL, Envoy and sockets (`*.it.test.ts`). mesh: a whole Heddle a file, one after the
// other, since they measure. browser: every story in Chromium, over one Heddle.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: ['{server,collectors,components}/**/*.test.{ts,tsx}'], exclude: ['**/*.it.test.ts', 'node_modules/**'], maxWorkers: 2 } },
      {
        test: {
          name: 'integration',
          include: ['{server,collectors}/**/*.it.test.ts'],
          exclude: ['**/whole-*.it.test.ts', 'node_modules/**'],
          globalSetup: ['server/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 4, // they wait much: for leases, processes and disks
        },
      },
      {
        test: {
          name: 'mesh',
          include: ['server/{sample,testing}/whole-*.it.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['e2e/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          maxConcurrency: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
