import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel } from '#server/contracts/ids.ts'
import type { MeshState } from '#server/contracts/mesh-state.ts'
import { ObservedCalls, PolicyProposal, PolicyTrial, PolicyTrialRequest, TrialWindow } from '#server/contracts/policy-trial.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { agentsOfTrial, tryPolicy } from '#server/mesh/propose-trial.ts'
import { proposePolicy } from '#server/mesh/propose-policy.ts'
import { findAgent } from '#server/mesh/reach.ts'
import { OBSERVED, readObservedCalls } from '#server/queries/observed-calls.ts'
import { requireRole, type ApiContext } from './context.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'
import { readWindow } from './window.ts'

const tags = ['Objects']
const HOUR_MS = 3_600_000
const WINDOW_MAX_MS = 24 * HOUR_MS
const ROWS_MAX = 200

const ofAgent = { params: z.object({ ns: DnsLabel, name: DnsLabel }), query: MeshQuery.extend({ window: TrialWindow }) }

const calls = createRoute({ method: 'get', path: '/namespaces/{ns}/agents/{name}/calls', tags, summary: 'The calls that an agent took lately: caller, method, path, count', request: ofAgent, responses: ok(ObservedCalls, 'By caller, method and path, the most calls first') })
const proposal = createRoute({ method: 'get', path: '/namespaces/{ns}/agents/{name}/proposed-policy', tags, summary: 'The least policy that lets the calls through which an agent took lately', request: ofAgent, responses: ok(PolicyProposal, 'The policy, not stored, and what it leaves out') })
const trial = createRoute({ method: 'post', path: '/policy-trials', tags, summary: 'Try an AuthorizationPolicy or PeerAuthentication on the calls of the last hour, as if it were enforced', request: { query: MeshQuery, ...jsonBody(PolicyTrialRequest) }, responses: ok(PolicyTrial, 'The calls whose answer it would change; nothing is stored') })

export const policyTrials = newRoutes()
  .openapi(calls, async (c) => {
    requireRole(c, 'viewer')
    const { ns, name } = c.req.valid('param')
    mustFind(await readState(c), ns, name)
    return c.json(await readObservedCalls(c.var.db, c.var.mesh, { namespace: ns, name }, windowOf(c.req.valid('query').window)), 200)
  })
  .openapi(proposal, async (c) => {
    requireRole(c, 'viewer')
    const { ns, name } = c.req.valid('param')
    const state = await readState(c)
    const agent = mustFind(state, ns, name)
    const { items, ...observed } = await readObservedCalls(c.var.db, c.var.mesh, { namespace: ns, name }, windowOf(c.req.valid('query').window))
    return c.json({ ...observed, ...proposePolicy(state, agent, items) }, 200)
  })
  .openapi(trial, async (c) => {
    requireRole(c, 'viewer')
    const { policy, window } = c.req.valid('json')
    const range = windowOf(window)
    const state = await readState(c)
    const agents = agentsOfTrial(state, policy)
    const observed: ObservedCalls[] = []
    for (const { metadata } of agents) observed.push(await readObservedCalls(c.var.db, c.var.mesh, metadata, range, Math.floor(OBSERVED.callsMax / agents.length)))
    const found = tryPolicy(state, policy, observed)
    const cutAt = observed.flatMap((each) => each.cutAt ?? []).sort().at(-1) ?? null
    return c.json({ from: range.from.toISOString(), to: range.to.toISOString(), cutAt, ...found, refused: found.refused.slice(0, ROWS_MAX), admitted: found.admitted.slice(0, ROWS_MAX) }, 200)
  })

async function readState(c: ApiContext): Promise<MeshState> {
  const driver = await driverOf(c.var.db, c.var.mesh)
  return driver.discover(c.var.mesh)
}

function mustFind(state: MeshState, namespace: string, name: string) {
  const agent = findAgent(state, namespace, name)
  if (!agent) throw new MeshError('not_found', `there is no agent “${name}” in namespace “${namespace}”`)
  return agent
}

function windowOf(window: string): { from: Date; to: Date } {
  const range = readWindow({ window }, '1h')
  if (range.to.getTime() - range.from.getTime() > WINDOW_MAX_MS) throw new MeshError('bad_request', 'calls are looked at for at most 24 hours')
  return range
}
