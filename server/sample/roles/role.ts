import type { Express } from 'express'
import type { CallAgent } from '../a2a-client.ts'
import type { AgentOptions } from '../agent-options.ts'
import type { Member } from '../fleet.ts'
import type { AskModel } from '../model-client.ts'

/** What a role is given to do its work with. */
export interface RoleContext {
  app: Express
  options: AgentOptions
  member: Member
  callAgent: CallAgent
  askModel: AskModel
  /** `fetch` through the agent's sidecar. */
  fetchImpl: typeof fetch
  /** The share of answers that the runner wants to fail, read at each use. */
  failureShare: () => number
}

export type MountRole = (context: RoleContext) => void
