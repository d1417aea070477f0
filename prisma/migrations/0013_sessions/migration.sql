-- Conversations over their traces, what they cost, and traces as rows. docs/telemetry.md explains the columns.

-- Spans of conversations alone: a span that names none costs these indexes nothing.
create index span_conversation on telemetry.span (gen_ai_conversation) where gen_ai_conversation is not null;
create index span_conversation_time on telemetry.span (date_bin('10 seconds', time, '2000-01-01 00:00:00+00')) where gen_ai_conversation is not null;

-- Prices that people set, for a million tokens; a name may end in an asterisk, and the longest that fits is the one.
create view telemetry.prices as
  select setting.mesh, entry.key as model, (entry.value ->> 'input')::double precision as input, (entry.value ->> 'output')::double precision as output, setting.value ->> 'currency' as currency
  from public.setting cross join lateral jsonb_each(setting.value -> 'models') entry where setting.key = 'prices';

-- A trace stands at its first span, so that a query that names a time reads those days alone. A span sent twice counts once.
create view telemetry.traces as
  select first.time, first.trace_id, service.mesh, whole.duration_ms, whole.spans, whole.failed, whole.root_service, whole.root_name, whole.services,
    whole.conversation, whole.model_calls, whole.tool_calls, whole.input_tokens, whole.output_tokens
  from telemetry.span first join telemetry.service on service.id = first.service_id
  cross join lateral (
    select extract(epoch from max(time + duration_us * interval '1 microsecond') - min(time))::double precision * 1000 as duration_ms,
      count(*) as spans, count(*) filter (where flags & 8 <> 0) as failed,
      (array_agg(span.service order by (parent_id is null) desc, time, span_id))[1] as root_service, (array_agg(name order by (parent_id is null) desc, time, span_id))[1] as root_name,
      array_agg(distinct span.service) as services, min(gen_ai_conversation) as conversation,
      count(*) filter (where is_model_call) as model_calls, count(*) filter (where gen_ai_operation = 'execute_tool') as tool_calls,
      sum(input_tokens) filter (where is_model_call) as input_tokens, sum(output_tokens) filter (where is_model_call) as output_tokens
    from (
      select distinct on (each.span_id, each.service_id) each.*, its.name as service, operation.name, gen_ai_operation,
        coalesce(gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings'), false) as is_model_call
      from telemetry.span each join telemetry.span_class on span_class.id = each.class_id join telemetry.service its on its.id = each.service_id join telemetry.operation on operation.id = operation_id
      where each.trace_id = first.trace_id and its.mesh = service.mesh) span) whole
  where not exists (
    select from telemetry.span earlier join telemetry.service other on other.id = earlier.service_id
    where earlier.trace_id = first.trace_id and other.mesh = service.mesh
      and (earlier.time, earlier.span_id, earlier.block_id, earlier.block_at) < (first.time, first.span_id, first.block_id, first.block_at));

-- The spans of a conversation are those of its traces that name no other one.
create view telemetry.session_spans as
  select distinct on (service.mesh, own.conversation, span.trace_id, span.span_id, span.service_id) service.mesh, own.conversation, span.time, span.time + span.duration_us * interval '1 microsecond' as ended,
    span.trace_id, lpad(to_hex(span.span_id), 16, '0') as span_id, lpad(to_hex(span.parent_id), 16, '0') as parent_id, service.namespace, service.name as service, operation.name, span.flags & 8 <> 0 as failed,
    gen_ai_operation, gen_ai_agent, gen_ai_model, coalesce(gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings'), false) as model_call, span.input_tokens, span.output_tokens
  from (select distinct gen_ai_conversation as conversation, trace_id from telemetry.span where gen_ai_conversation is not null) own
  join telemetry.span on span.trace_id = own.trace_id and (span.gen_ai_conversation is null or span.gen_ai_conversation = own.conversation)
  join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id;

-- What a conversation used of each model. Without a price that fits the cost is not known.
create view telemetry.session_models as
  select session.mesh, session.conversation, used.model, used.calls, used.failed, used.input_tokens, used.output_tokens,
    (used.input_tokens * price.input + used.output_tokens * price.output) / 1e6 as cost, price.currency
  from (select distinct service.mesh, gen_ai_conversation as conversation from telemetry.span join telemetry.service on service.id = span.service_id where gen_ai_conversation is not null) session
  cross join lateral (
    select coalesce(gen_ai_model, '') as model, count(*) as calls, count(*) filter (where failed) as failed, coalesce(sum(input_tokens), 0) as input_tokens, coalesce(sum(output_tokens), 0) as output_tokens
    from telemetry.session_spans span where span.mesh = session.mesh and span.conversation = session.conversation and model_call group by 1) used
  left join lateral (
    select input, output, currency from telemetry.prices
    where prices.mesh = session.mesh and (used.model = prices.model or (right(prices.model, 1) = '*' and starts_with(used.model, left(prices.model, -1))))
    order by (used.model = prices.model) desc, length(prices.model) desc limit 1) price on true;

-- A conversation stands at its first span that names it. `outcome`: how its last trace ended.
create view telemetry.sessions as
  select first.time, service.mesh, first.gen_ai_conversation as conversation, whole.ended, extract(epoch from whole.ended - first.time)::double precision * 1000 as duration_ms,
    whole.traces, whole.spans, whole.failed, case when whole.last_failed then 'failed' when whole.failed > 0 then 'recovered' else 'ok' end as outcome,
    whole.services, whole.model_calls, whole.tool_calls, whole.input_tokens, whole.output_tokens, used.models, used.cost, used.currency, used.unpriced_tokens
  from telemetry.span first join telemetry.service on service.id = first.service_id
  cross join lateral (
    select max(span.ended) as ended, count(distinct trace_id) as traces, count(*) as spans, count(*) filter (where span.failed) as failed, array_agg(distinct span.service) as services,
      count(*) filter (where model_call) as model_calls, count(*) filter (where gen_ai_operation = 'execute_tool') as tool_calls,
      coalesce(sum(input_tokens) filter (where model_call), 0) as input_tokens, coalesce(sum(output_tokens) filter (where model_call), 0) as output_tokens,
      (array_agg(span.failed order by (parent_id is null) desc, span.time desc))[1] as last_failed
    from telemetry.session_spans span where span.mesh = service.mesh and span.conversation = first.gen_ai_conversation) whole
  cross join lateral (
    select coalesce(array_agg(model order by model) filter (where model <> ''), '{}') as models, sum(cost) as cost, max(currency) as currency,
      coalesce(sum(session_models.input_tokens + session_models.output_tokens) filter (where cost is null), 0) as unpriced_tokens
    from telemetry.session_models where session_models.mesh = service.mesh and session_models.conversation = first.gen_ai_conversation) used
  where first.gen_ai_conversation is not null and not exists (
    select from telemetry.span earlier join telemetry.service other on other.id = earlier.service_id
    where earlier.gen_ai_conversation = first.gen_ai_conversation and other.mesh = service.mesh
      and (earlier.time, earlier.span_id, earlier.block_id, earlier.block_at) < (first.time, first.span_id, first.block_id, first.block_at));

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.prices, telemetry.traces, telemetry.session_spans, telemetry.session_models, telemetry.sessions to heddle_web;
  end if;
end $$;
