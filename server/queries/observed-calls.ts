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

// An inbound call is a server span of the agent's own proxy, named for the agent by its route. Stretches of ten seconds: migration 0004.
const STRETCH = `date_bin('10 seconds', time, '2000-01-01 00:00:00+00')`
const TAKEN = `
  with own as (select id from telemetry.service where mesh = $1 and namespace = $2 and name = $3 and proxy),
  inbound as (
    select span_class.id from telemetry.span_class join telemetry.operation on operation.id = operation_id
    where span_class.service_id in (select id from own) and kind = 2 and operation.name = $3 || '.' || $2)
  select span_id, block_id, block_at, time from own cross join lateral (
    select span_id, block_id, block_at, time from telemetry.span
    where service_id = own.id and class_id in (select id from inbound) and time >= $4 and time < $5
      and ${STRETCH} >= date_bin('10 seconds', $4::timestamptz, '2000-01-01 00:00:00+00') and ${STRETCH} <= $5
    order by ${STRETCH} desc, time desc limit $6) taken
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
