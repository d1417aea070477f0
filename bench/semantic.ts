// How well tasks find their agent: `node bench/semantic.ts [examples a skill]`. The set is bench/data/skills.txt; figures are in docs/semantic-routing.md.
import { agent, agentRoute, meshState } from '#server/compile/fixtures.ts'
import { ALLOW_NOTHING } from '#server/fetch/addresses.ts'
import { openEmbedder } from '#server/semantic/embedder.ts'
import { evaluateTasks } from '#server/semantic/offline.ts'
import { readSkillSet } from '#server/testing/skill-set.ts'

const examples = Number(process.argv[2] ?? 5)
const { agents, tasks } = readSkillSet(examples)
const state = meshState({ agents: [...agents].map(([name, capabilities]) => agent(name, { capabilities })), agentRoutes: [] })
const embedder = await openEmbedder({ source: '', outside: { allow: ALLOW_NOTHING } })
const at = (floor: number) => evaluateTasks(state, agentRoute('bench', { semantic: { floor } }), tasks, embedder)
const result = await at(Number(process.argv[3] ?? 0.25))
const open = await at(-1)
const skills = [...agents.values()].reduce((sum, list) => sum + list.length, 0)
console.log(`${agents.size} agents, ${skills} skills, ${examples} examples a skill, ${tasks.length} tasks`)
console.log(`the nearest is right for ${open.accuracy?.toFixed(3)} (macro-F1 ${open.macroF1?.toFixed(3)}), at the floor ${result.accuracy?.toFixed(3)}, right with the fallback ${result.accuracyWithFallback.toFixed(3)}`)
console.log(`out-of-scope AUROC ${result.outOfScopeAuroc?.toFixed(3)}; best floor ${result.suggestedFloor}; a decision p50 ${result.latencyMs.p50} ms, p99 ${result.latencyMs.p99} ms`)
for (const { floor, coverage, accuracyOfChosen, accuracyWithFallback } of result.thresholds.slice(0, 12)) console.log(`floor ${floor.toFixed(2)}: coverage ${coverage.toFixed(3)}, right of the chosen ${accuracyOfChosen?.toFixed(3)}, right with the fallback ${accuracyWithFallback.toFixed(3)}`)
