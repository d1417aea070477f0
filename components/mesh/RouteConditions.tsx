'use client'
import type { RouteStatus } from '#server/contracts/route-status.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { reading } from './call.ts'
import { TOPICS } from './topics.ts'

/** What the Gateway API's conditions say against a route as the mesh is now, such as a backend that went away since; nothing while all are true. */
export function RouteConditions({ at }: { at: ObjectRef }) {
  const status = useLiveQuery<RouteStatus>({ ...reading<RouteStatus>(asks.routeStatus(at)), topics: TOPICS.revisions, everyMs: 15_000 })
  const failing = (status.data?.parents ?? []).flatMap(({ parentRef, conditions }) => conditions.filter((condition) => condition.status === 'False').map((condition) => ({ parentRef, condition })))
  return failing.map(({ parentRef, condition }) => (
    <Notice key={`${parentRef.kind} ${parentRef.name} ${parentRef.sectionName} ${condition.type}`} state="bad">
      <b className="font-medium">{condition.type}: False</b>, {condition.reason} ({parentRef.kind} {parentRef.name}{parentRef.sectionName && `, ${parentRef.sectionName}`}): {condition.message}
    </Notice>
  ))
}
