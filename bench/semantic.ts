// How well tasks find their agent: `node bench/semantic.ts [examples a skill]`. The set is bench/data/skills.txt; figures are in docs/semantic-routing.md.
import { readFileSync } from 'node:fs'
import { agent, agentRoute, meshState } from '#server/compile/fixtures.ts'
import type { LabelledTask } from '#server/contracts/semantic.ts'
import { ALLOW_NOTHING } from '#server/fetch/addresses.ts'
import { openEmbedder } from '#server/semantic/embedder.ts'
import { evaluateTasks } from '#server/semantic/offline.ts'

interface Written {
  agents: Map<string, { id: string; description: string; examples: string[] }[]>
  tasks: LabelledTask[]
}

function readSet(text: string, examplesMax: number): Written {
  const set: Written = { agents: new Map(), tasks: [] }
  let current = ''
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('//'))) {
    const rest = line.slice(2)
    const skills = set.agents.get(current)
    if (line.startsWith('@ ')) {
      current = rest
      if (rest !== '-') set.agents.set(rest, [])
    } else if (line.startsWith('+ ')) skills?.at(-1)?.examples.push(...rest.split('; ').slice(0, examplesMax))
    else if (line.startsWith('? ')) set.tasks.push(...rest.split('; ').map((task): LabelledTask => ({ task, agent: current === '-' ? null : `default/${current}` })))
    else {
      const [id = '', description = ''] = line.split(' | ')
      skills?.push({ id, description, examples: [] })
    }
  }
  return set
}

const examples = Number(process.argv[2] ?? 5)
const { agents, tasks } = readSet(readFileSync(new URL('data/skills.txt', import.meta.url), 'utf8'), examples)
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
