// The sample fleet as data: who is in it, what each can do, and how many of each run.
import type { AgentProtocol, AgentType } from '#server/contracts/agent.ts'

export type Role = 'gateway' | 'orchestrator' | 'researcher' | 'writer' | 'translator' | 'search-tools' | 'sample-llm'

export interface Skill {
  id: string
  name: string
  description: string
  tags: string[]
  examples: string[]
}

export interface Member {
  role: Role
  type: AgentType
  protocol: AgentProtocol
  description: string
  /** One process, behind one sidecar, for each entry. */
  versions: string[]
  skills: Skill[]
}

export const FLEET: readonly Member[] = [
  {
    role: 'sample-llm',
    type: 'model',
    protocol: 'http',
    description: 'A small deterministic text engine that answers OpenAI-style chat completions; no real model',
    versions: ['v1'],
    skills: [],
  },
  {
    role: 'search-tools',
    type: 'tool',
    protocol: 'mcp',
    description: 'MCP server with one tool that searches a small built-in library',
    versions: ['v1'],
    skills: [skill('search', 'Search', 'Finds passages about a topic in the library', ['search', 'library'], ['bridges', 'coffee'])],
  },
  {
    role: 'translator',
    type: 'agent',
    protocol: 'a2a',
    description: 'Translates a short text into the language that is asked for',
    versions: ['v1', 'v2'],
    skills: [skill('translate', 'Translate', 'Translates a text into German, French or Spanish', ['translate', 'language'], ['Translate into German: the bridge is old'])],
  },
  {
    role: 'writer',
    type: 'agent',
    protocol: 'a2a',
    description: 'Turns notes into a short readable text',
    versions: ['v1'],
    skills: [skill('write', 'Write', 'Writes a short text from notes', ['write', 'summary'], ['Write a paragraph from these notes'])],
  },
  {
    role: 'researcher',
    type: 'agent',
    protocol: 'a2a',
    description: 'Looks a topic up with its search tool and keeps what matters',
    versions: ['v1', 'v1'],
    skills: [skill('research', 'Research', 'Collects facts about a topic', ['research', 'facts'], ['What is known about tides?'])],
  },
  {
    role: 'orchestrator',
    type: 'agent',
    protocol: 'a2a',
    description: 'Plans a task and delegates to researcher, writer and translator',
    versions: ['v1'],
    skills: [skill('plan', 'Plan and delegate', 'Breaks a task into research, writing and translation', ['plan', 'delegate'], ['Explain tides in German'])],
  },
  {
    role: 'gateway',
    type: 'agent',
    protocol: 'a2a',
    description: 'Takes tasks from outside the mesh',
    versions: ['v1'],
    skills: [skill('task', 'Take a task', 'Takes a task in words and answers with the result', ['entry'], ['Explain tides in German'])],
  },
]

/** The host by which one agent of the fleet reaches another through its sidecar. */
export function meshUrl(name: Role): string {
  return `http://${name}.default.mesh/`
}

export function memberOf(role: Role): Member {
  const member = FLEET.find((candidate) => candidate.role === role)
  if (!member) throw new Error(`the sample fleet has no ${role}`)
  return member
}

function skill(id: string, name: string, description: string, tags: string[], examples: string[]): Skill {
  return { id, name, description, tags, examples }
}
