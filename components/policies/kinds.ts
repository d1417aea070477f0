// The sorts of policies that the console edits: what differs between them, in one table.
import type { ComponentType } from 'react'
import type { PolicyPart } from '#components/paths.ts'
import { AuthorizationPolicy } from '#server/contracts/authorization-policy.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { Objective } from '#server/contracts/objective.ts'
import { KINDS } from '#server/contracts/object.ts'
import { PeerAuthentication } from '#server/contracts/peer-authentication.ts'
import { TrafficPolicy } from '#server/contracts/traffic-policy.ts'
import { ObjectiveForm } from '#components/objectives/ObjectiveForm.tsx'
import { Standing } from '#components/objectives/Standing.tsx'
import { describeObjective } from '#components/objectives/words.ts'
import { AccessForm } from './AccessForm.tsx'
import { describePeers, describePolicy } from './access-words.ts'
import { PeerForm } from './PeerForm.tsx'
import { TrafficForm } from './TrafficForm.tsx'
import { describeTraffic } from './traffic-words.ts'

export type AnyPolicy = AuthorizationPolicy | PeerAuthentication | TrafficPolicy | Objective

export interface PolicyKind {
  kind: AnyPolicy['kind']
  /** What one and many of them are called. */
  one: string
  many: string
  /** On its tab. */
  title: string
  /** Under its list's tab: what these policies are for. */
  says: string
  /** Below the words of one. */
  note: string
  Form: ComponentType
  /** How one does, above its form. */
  Standing?: ComponentType<{ namespace: string; name: string }>
  fresh: (agent: string, namespace: string) => Record<string, unknown>
  /** Sentences of an object; null while it does not fit its schema. */
  describe: (object: unknown) => string[] | null
  empty: { title: string; says: string }
}

const target = (agent: string) => [{ kind: 'Agent', name: agent }]

export const POLICY_KINDS: Record<PolicyPart, PolicyKind> = {
  access: {
    kind: 'AuthorizationPolicy',
    one: 'access policy',
    many: 'Policies',
    title: 'Access',
    says: 'Who may call whom, with what',
    note: 'A Deny wins over every Allow. Refused calls are answered 403 and counted as refused.',
    Form: AccessForm,
    fresh: (agent, namespace) => ({ apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name: agent && `${agent}-callers`, namespace }, spec: { targetRefs: target(agent), action: 'Allow', mode: 'Enforce', rules: [{ from: [{ agents: [] }] }] } }),
    describe: (object) => {
      const parsed = AuthorizationPolicy.safeParse(object)
      return parsed.success ? describePolicy(parsed.data.spec) : null
    },
    empty: { title: 'No access policy yet', says: 'Without one, every agent takes calls from the whole trust domain and from nobody else. An Allow policy narrows that to whom it names; a Deny wins over every Allow. Begin with an agent that others should not call freely: its page shows who reaches it now.' },
  },
  mtls: {
    kind: 'PeerAuthentication',
    one: 'mTLS policy',
    many: 'Policies',
    title: 'mTLS',
    says: 'Who must show an identity',
    note: 'Go from permissive to strict once nobody calls in plaintext any more: the review tries it on the last hour’s calls and names who would be cut off. Calls with an identity are left alone either way.',
    Form: PeerForm,
    fresh: (agent, namespace) => ({ apiVersion: HEDDLE_API, kind: 'PeerAuthentication', metadata: { name: agent && `${agent}-mtls`, namespace }, spec: { ...(agent ? { targetRefs: target(agent) } : {}), mtls: 'strict' } }),
    describe: (object) => {
      const parsed = PeerAuthentication.safeParse(object)
      return parsed.success ? describePeers(parsed.data) : null
    },
    empty: { title: 'No mTLS policy yet', says: 'Every agent takes mutual TLS alone, unless its own object says otherwise. Write a policy to take plaintext for a while, where callers without a sidecar are still to move, and to end it.' },
  },
  traffic: {
    kind: 'TrafficPolicy',
    one: 'traffic policy',
    many: 'Policies',
    title: 'Traffic',
    says: 'How calls to an agent are spread, bounded and protected.',
    note: 'What is left out stays at its default, which suits long agent calls: no retry, no ejection, limits far above what one agent takes.',
    Form: TrafficForm,
    fresh: (agent, namespace) => ({ apiVersion: HEDDLE_API, kind: 'TrafficPolicy', metadata: { name: agent && `${agent}-traffic`, namespace }, spec: { targetRefs: target(agent) } }),
    describe: (object) => {
      const parsed = TrafficPolicy.safeParse(object)
      return parsed.success ? describeTraffic(parsed.data.spec) : null
    },
    empty: { title: 'No traffic policy yet', says: 'Calls go to the ready instance with the fewest open ones, without limits that an agent would meet. Write a policy to leave failing instances out, to limit a caller, or to break things on purpose.' },
  },
  objectives: {
    kind: 'Objective',
    one: 'objective',
    many: 'Objectives',
    title: 'Objectives',
    says: 'What agents are to achieve, and how they do',
    note: 'It turns no call. What was counted is looked at every five seconds; an alert needs five bad calls or tasks at least, or five calls that cost.',
    Form: ObjectiveForm,
    Standing,
    fresh: (agent, namespace) => ({ apiVersion: HEDDLE_API, kind: 'Objective', metadata: { name: agent && `${agent}-answers`, namespace }, spec: { targetRef: { name: agent }, indicator: { type: 'Success' }, percent: 99, window: '7d' } }),
    describe: (object) => {
      const parsed = Objective.safeParse(object)
      return parsed.success ? describeObjective(parsed.data.spec) : null
    },
    empty: { title: 'No objective yet', says: 'An objective says how many of an agent’s calls are to succeed or to be answered in time, how many of its tasks are to be completed, or what its models may cost. Heddle shows what is left of its budget, and tells you when it goes too fast. Begin with the agent that your users call.' },
  },
}

const PART_OF: Record<AnyPolicy['kind'], PolicyPart> = { AuthorizationPolicy: 'access', PeerAuthentication: 'mtls', TrafficPolicy: 'traffic', Objective: 'objectives' }

/** `access` for an AuthorizationPolicy. */
export function partOf(kind: AnyPolicy['kind']): PolicyPart {
  return PART_OF[kind]
}

/** `authorizationpolicies`, as the command line takes it. */
export function pluralOf(part: PolicyPart): string {
  return KINDS[POLICY_KINDS[part].kind].plural
}
