import { expect, test } from 'vitest'
import { agent, agentRoute, meshState } from '../compile/fixtures.ts'
import type { Embedder } from './embedder.ts'
import { toUnit } from './model.ts'
import { evaluateTasks } from './offline.ts'

/** By letters: enough to tell a loom from a dyer. */
const letters: Embedder = {
  name: 'letters',
  embed: async (texts) => texts.map((text) => toUnit(Float32Array.from({ length: 26 }, (_, n) => text.split(String.fromCharCode(97 + n)).length - 1))),
}

test('a labelled set is judged by the floor and without it, and others are served meanwhile', async () => {
  const state = meshState({ agents: ['weave', 'dye'].map((name) => agent(name, { capabilities: [{ id: name, description: name }] })) })
  const route = agentRoute('ask', { semantic: { mode: 'enforce', floor: 0.5 } })
  const tasks = Array.from({ length: 400 }, (_, n) => ({ task: n % 2 === 0 ? `weave ${n}` : `xxxxxx weave ${n}`, agent: 'weave' }))
  let turns = 0
  let done = false
  const turn = () => void (turns++, done || setImmediate(turn))
  turn()
  const { accuracy, coverage, thresholds } = await evaluateTasks(state, route, tasks, letters)
  done = true
  expect([accuracy, coverage]).toEqual([0.5, 0.5]) // the other half is below the floor
  expect(thresholds[0]).toMatchObject({ floor: 0, accuracyOfChosen: 1 })
  expect(turns).toBeGreaterThanOrEqual(tasks.length)
})
