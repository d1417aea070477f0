// The calls that an agent took in a window, one by one, from the spans of its own sidecars: who, how, where, and whether it was let in.
import { setImmediate } from 'node:timers/promises'
import type { ObservedCall, ObservedCalls } from '#server/contracts/policy-trial.ts'
import type { Db } from '#server/db/client.ts'
import { openBlock, spanAt } from '#server/otlp/block.ts'
import { SPAN } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { plainAttributes } from './otlp-value.ts'
import type { OtlpSpan } from './trace-rows.ts'

/** The newest calls that are read; a path that holds ids makes a kind of call each, so kinds have a limit of their own. */
export const OBSERVED = { callsMax: 5000, kindsMax: 2000 }
const BLOCKS_AT_ONCE = 400
const BLOCKS_A_BREATH = 16
/** What Envoy's RBAC filter writes as the details of an answer that it gave. */
const DENIED = 'rbac_access_denied'

interface Row {
  span_id: string
  block_id: string
  block_at: number
  time: Date
}

export async function readObservedCalls(db: Db, mesh: string, agent: { namespace: string; name: string }, { from, to }: { from: Date; to: Date }, callsMax = OBSERVED.callsMax): Promise<ObservedCalls> {
  const { rows } = await db.pool.query<Row>(TAKEN, [mesh, agent.namespace, agent.name, from, to, callsMax])
  const once = [...new Map(rows.map((row) => [row.span_id, row])).values()]
  const kinds = new Map<string, ObservedCall>()
  let calls = 0
  let full = false
  for await (const call of eachCall(db, once)) {
    const key = JSON.stringify([call.caller, call.method, call.path])
    const known = kinds.get(key)
    if (!known && kinds.size >= OBSERVED.kindsMax) {
      full = true
      continue
    }
    kinds.set(key, { ...call, calls: (known?.calls ?? 0) + 1, refused: (known?.refused ?? 0) + call.refused })
    calls += 1
  }
  const cut = rows.length === callsMax || full
  return {
    agent: `${agent.namespace}/${agent.name}`,
    from: from.toISOString(),
    to: to.toISOString(),
    calls,
    cutAt: cut ? (rows.at(-1)?.time.toISOString() ?? null) : null,
    items: [...kinds.values()].sort((a, b) => b.calls - a.calls),
  }
}

// An inbound call is a server span of the agent's own proxy, named for the agent by its route. Minute by minute from the newest that has some
// (migration 0024), until there are enough.
const TAKEN = `
  with inbound as (
    select span_class.service_id, span_class.id from telemetry.service join telemetry.span_class on span_class.service_id = service.id join telemetry.operation on operation.id = operation_id
    where mesh = $1 and namespace = $2 and service.name = $3 and proxy and kind = 2 and operation.name = $3 || '.' || $2),
  wanted as materialized (select array_agg(id) as classes, array_agg(distinct service_id) as services from inbound)
  select span_id, block_id, block_at, time from (
    select newest.* from wanted cross join lateral (
      select distinct minute from telemetry.span_minute where service_id = any(services) and class_id = any(classes)
        and minute > $4::timestamptz - interval '1 minute' and minute < $5::timestamptz + interval '1 minute' order by minute desc) has
    cross join lateral (
      select span_id, block_id, block_at, time from telemetry.span
      where part_time >= minute and part_time < minute + interval '1 minute' and part_services && services and class_id = any(classes) and time >= $4 and time < $5
      order by part_time desc, time desc limit $6) newest
    limit $6) taken
  order by time desc limit $6`

/** Block by block, with a breath now and then: others wait for this thread too. */
async function* eachCall(db: Db, rows: readonly Row[]): AsyncGenerator<Omit<ObservedCall, 'calls'>> {
  const byBlock = Map.groupBy(rows, (row) => row.block_id)
  const ids = [...byBlock.keys()]
  for (let at = 0; at < ids.length; at += BLOCKS_AT_ONCE) {
    const found = await db.pool.query<{ id: string; bytes: Buffer }>('select id, bytes from telemetry.span_block where id = any($1::bigint[])', [ids.slice(at, at + BLOCKS_AT_ONCE)])
    for (const [index, { id, bytes }] of found.rows.entries()) {
      const block = openBlock(bytes)
      for (const row of byBlock.get(id) ?? []) {
        const call = callOf(spanAt(block, row.block_at).bytes)
        if (call) yield call
      }
      if (index % BLOCKS_A_BREATH === 0) await setImmediate()
    }
  }
}

/** Null for a span that is no call into the agent: its own call to its own name has the same span name. */
function callOf(bytes: Buffer): Omit<ObservedCall, 'calls'> | null {
  const span = protobufToJson(bytes, SPAN) as unknown as OtlpSpan // SPAN describes this shape
  const attributes = new Map(plainAttributes(span.attributes).map(({ key, value }) => [key, typeof value === 'string' ? value : '']))
  const route = attributes.get('heddle.route') ?? ''
  if (route !== 'inbound' && route !== 'card') return null
  const caller = attributes.get('heddle.caller') ?? ''
  return {
    caller: caller.startsWith('spiffe://') ? caller : null,
    method: attributes.get('http.method') ?? attributes.get('http.request.method') ?? '',
    path: attributes.get('url.path')?.startsWith('/') ? attributes.get('url.path')! : '/', // has is what startsWith asked
    refused: attributes.get('heddle.verdict')?.startsWith(DENIED) ? 1 : 0,
  }
}
