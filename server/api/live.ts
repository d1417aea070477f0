import { createRoute } from '@hono/zod-openapi'
import { MeshError } from '#server/contracts/errors.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes } from './routes.ts'

const live = createRoute({
  method: 'get',
  path: '/live',
  tags: ['Health'],
  summary: 'A WebSocket that says what has changed; what it is now is read by the other routes',
  description:
    'Send {"subscribe": ["revisions", "revision/12"]} or {"unsubscribe": […]}, at most 64 topics: revisions, changes, objects, agents, proxies, identity, identities, telemetry, graph, traces, overview and revision/NUMBER. ' +
    'Each message is {"topic", "what", "at"}; “what” is null when something may have been missed and all of it is to be read again.',
  request: { query: MeshQuery },
  responses: { 101: { description: 'The WebSocket (RFC 6455)' }, 426: { description: 'This was no request for a WebSocket' } },
})

/** Upgrades themselves never come here: server/web.ts lets them in (upgrade.ts) and hands them to the hub. */
export const liveRoutes = newRoutes().openapi(live, (c) => {
  requireRole(c, 'viewer')
  throw new MeshError('upgrade_required', 'this address speaks WebSocket; ask with “Upgrade: websocket”')
})
