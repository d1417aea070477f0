import { expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { startProbeLab } from '../testing/probe-lab.ts'

const ROUNDS = 3
/** The goal of bench/probe-effect.ts is 2 s; this leaves room for a machine that does other things as well. */
const LIMIT_MS = 8000

test('of each kind of probe: an instance that fails gets no more calls within seconds, three times over', async () => {
  await using lab = await startProbeLab(await testDatabase())
  for (let round = 0; round < ROUNDS; round++) {
    const effects = await lab.round()
    expect(Object.entries(effects).filter(([, ms]) => ms > LIMIT_MS)).toEqual([])
  }
}, 240_000)
