// The labelled set of bench/data/skills.txt: agents with overlapping skills, and tasks that are not among their examples.
import { readFileSync } from 'node:fs'
import type { LabelledTask } from '../contracts/semantic.ts'

export interface SkillSet {
  agents: Map<string, { id: string; description: string; examples: string[] }[]>
  /** `agent` is `default/NAME`; null for a task that is none of theirs. */
  tasks: LabelledTask[]
}

/** At most `examplesMax` examples a skill. */
export function readSkillSet(examplesMax = 5): SkillSet {
  const text = readFileSync(new URL('../../bench/data/skills.txt', import.meta.url), 'utf8')
  const set: SkillSet = { agents: new Map(), tasks: [] }
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
