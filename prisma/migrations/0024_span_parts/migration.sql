-- One row for the spans of a trace in a commit: a tenth of the rows and of the index entries. docs/decisions/0007-telemetry-storage.md

drop view telemetry.sessions, telemetry.session_models, telemetry.session_spans, telemetry.traces, telemetry.spans;

do $$
declare
  part text;
begin
  alter table telemetry.span rename to span_before;
  for part in select relname from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'telemetry.span_before'::regclass loop
    execute format('alter table telemetry.%I rename to %I', part, replace(part, 'span_', 'span_before_'));
  end loop;
end $$;

-- Spans of one trace, block and conversation that start within a minute. Each array has an element a span; of the last four, null is
-- none for all of them.
create table telemetry.span_part (
  -- Start of the newest of them. A start is when the span arrived where its own clock cannot be right (flag 4).
  time timestamptz not null,
  trace_id uuid not null,
  block_id bigint not null,
  gen_ai_conversation text,
  -- One of them has flag 8.
  failed boolean not null,
  -- How long before `time` each started.
  before_us integer[] not null,
  span_ids bigint[] not null,
  parent_ids bigint[] not null,
  durations_us bigint[] not null,
  block_ats integer[] not null,
  service_ids integer[] not null,
  class_ids integer[] not null,
  -- 1 root, 2 of a proxy, 4 clock repaired, 8 error, 16 refused (4xx), 32 its content is in span_content, 64 work begins here: a root or a server.
  flags smallint[] not null,
  input_tokens integer[],
  output_tokens integer[],
  bytes_sent bigint[],
  bytes_received bigint[]
) partition by range (time);

-- The minutes, by `time`, in which a service has parts with spans of a class: where a search looks. PostgreSQL has no index of arrays by time.
create table telemetry.span_minute (
  minute timestamptz not null,
  service_id integer not null,
  class_id integer not null,
  primary key (service_id, minute, class_id)
) partition by range (minute);

-- A part is written once, as it is: below 8 kB nothing is compressed or moved out of its row.
create or replace function telemetry.ensure_day(day date) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent text;
  part text;
begin
  perform pg_advisory_xact_lock(7232912);
  foreach parent in array array['span_part', 'span_minute', 'span_block', 'span_content', 'edge_bucket', 'log'] loop
    part := parent || '_' || to_char(day, 'YYYYMMDD');
    if to_regclass('telemetry.' || part) is null then
      execute format('create table telemetry.%I (like telemetry.%I including defaults including constraints including storage)', part, parent);
      if parent = 'span_part' then
        execute format('alter table telemetry.%I set (toast_tuple_target = 8160)', part);
      end if;
      execute format('alter table telemetry.%I attach partition telemetry.%I for values from (%L) to (%L)', parent, part,
        day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end if;
  end loop;
end $$;

create or replace function telemetry.drop_day(parent text, day date) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
begin
  if parent not in ('span_part', 'span_minute', 'span_block', 'span_content', 'edge_bucket', 'log') then
    raise exception 'telemetry.% is not kept by days', parent;
  end if;
  execute format('drop table if exists telemetry.%I', parent || '_' || to_char(day, 'YYYYMMDD'));
  return true;
exception when lock_not_available then
  return false;
end $$;

do $$
declare
  kept date;
begin
  for kept in select day from telemetry.days() loop
    perform telemetry.ensure_day(kept);
  end loop;
end $$;

-- Spans that are there already, day by day.
do $$
declare
  part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'telemetry.span_before'::regclass order by inhrelid::regclass::text loop
    execute format($convert$
      insert into telemetry.span_part (time, trace_id, block_id, gen_ai_conversation, failed, before_us, span_ids, parent_ids, durations_us, block_ats, service_ids, class_ids, flags,
        input_tokens, output_tokens, bytes_sent, bytes_received)
      select newest, trace_id, block_id, gen_ai_conversation, bool_or(flags & 8 <> 0), array_agg((extract(epoch from newest - time) * 1000000)::integer order by place), array_agg(span_id order by place),
        array_agg(parent_id order by place), array_agg(duration_us order by place), array_agg(block_at order by place), array_agg(service_id order by place),
        array_agg(class_id order by place), array_agg(flags order by place),
        case when count(input_tokens) > 0 then array_agg(input_tokens order by place) end, case when count(output_tokens) > 0 then array_agg(output_tokens order by place) end,
        case when count(bytes_sent) > 0 then array_agg(bytes_sent order by place) end, case when count(bytes_received) > 0 then array_agg(bytes_received order by place) end
      from (
        select placed.*, max(time) over (partition by trace_id, block_id, gen_ai_conversation, minute, place / 24) as newest
        from (
          select span.*, date_bin('1 minute', time, '2000-01-01 00:00:00+00') as minute,
            row_number() over (partition by trace_id, block_id, gen_ai_conversation, date_bin('1 minute', time, '2000-01-01 00:00:00+00') order by time) - 1 as place
          from %s span) placed) part
      group by newest, trace_id, block_id, gen_ai_conversation, minute, place / 24
      $convert$, part);
  end loop;
end $$;
drop table telemetry.span_before;

insert into telemetry.span_minute
select distinct date_trunc('minute', time, 'UTC'), service_id, class_id from telemetry.span_part cross join lateral unnest(service_ids, class_ids) as each (service_id, class_id);

create index span_part_trace on telemetry.span_part (trace_id);
create index span_part_time on telemetry.span_part (time);
-- Whether a trace has failed, without reading it.
create index span_part_failed on telemetry.span_part (trace_id) where failed;
-- Of conversations alone: a part that names none costs these indexes nothing.
create index span_part_conversation on telemetry.span_part (gen_ai_conversation) where gen_ai_conversation is not null;
create index span_part_conversation_time on telemetry.span_part (time) where gen_ai_conversation is not null;

-- A row a span. `part_…` are of its part, and indexed: a span starts at most a minute before `part_time`. By subscript, so that of the
-- arrays that a query does not name none is read; from unnest(), of which the planner expects ten rows, and a thousand of generate_series().
create view telemetry.span as
  select part.time - before_us[place::integer] * interval '1 microsecond' as time, trace_id, span_id, parent_ids[place::integer] as parent_id, durations_us[place::integer] as duration_us, block_id,
    block_ats[place::integer] as block_at, service_ids[place::integer] as service_id, class_ids[place::integer] as class_id, flags[place::integer] as flags,
    input_tokens[place::integer] as input_tokens, output_tokens[place::integer] as output_tokens, bytes_sent[place::integer] as bytes_sent, bytes_received[place::integer] as bytes_received,
    gen_ai_conversation, part.time as part_time, service_ids as part_services, class_ids as part_classes
  from telemetry.span_part part cross join lateral unnest(span_ids) with ordinality as each (span_id, place);

-- A backup of an older Heddle has a row a span.
create function telemetry.span_alone() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into telemetry.span_part (time, trace_id, block_id, gen_ai_conversation, failed, before_us, span_ids, parent_ids, durations_us, block_ats, service_ids, class_ids, flags,
    input_tokens, output_tokens, bytes_sent, bytes_received)
  values (new.time, new.trace_id, new.block_id, new.gen_ai_conversation, new.flags & 8 <> 0, '{0}', array[new.span_id], array[new.parent_id], array[new.duration_us], array[new.block_at], array[new.service_id],
    array[new.class_id], array[new.flags], nullif(array[new.input_tokens], '{null}'), nullif(array[new.output_tokens], '{null}'), nullif(array[new.bytes_sent], '{null}'), nullif(array[new.bytes_received], '{null}'));
  insert into telemetry.span_minute values (date_trunc('minute', new.time, 'UTC'), new.service_id, new.class_id) on conflict do nothing;
  return new;
end $$;
create trigger span_alone instead of insert on telemetry.span for each row execute function telemetry.span_alone();

-- The documented views, as before, with `part_time` at the end.
create view telemetry.spans as
  select span.time, span.trace_id, lpad(to_hex(span.span_id), 16, '0') as span_id, lpad(to_hex(span.parent_id), 16, '0') as parent_id,
    service.mesh, service.namespace, service.name as service, service.version, service.proxy, operation.name as name,
    (array['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])[kind + 1] as kind, (array['unset', 'ok', 'error'])[status + 1] as status,
    flags & 8 <> 0 as failed, flags & 16 <> 0 as refused, duration_us / 1000.0 as duration_ms,
    (array['none', 'http', 'grpc', 'a2a', 'mcp', 'https'])[protocol + 1] as protocol, http_status, peer,
    gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, gen_ai_conversation, input_tokens, output_tokens, bytes_sent, bytes_received, part_time
  from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id;

create view telemetry.traces as
  select first.time, first.trace_id, service.mesh, whole.duration_ms, whole.spans, whole.failed, whole.root_service, whole.root_name, whole.services,
    whole.conversation, whole.model_calls, whole.tool_calls, whole.input_tokens, whole.output_tokens, first.part_time
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

create view telemetry.session_spans as
  select distinct on (service.mesh, own.conversation, span.trace_id, span.span_id, span.service_id) service.mesh, own.conversation, span.time, span.time + span.duration_us * interval '1 microsecond' as ended,
    span.trace_id, lpad(to_hex(span.span_id), 16, '0') as span_id, lpad(to_hex(span.parent_id), 16, '0') as parent_id, service.namespace, service.name as service, operation.name, span.flags & 8 <> 0 as failed,
    gen_ai_operation, gen_ai_agent, gen_ai_model, coalesce(gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings'), false) as model_call, span.input_tokens, span.output_tokens
  from (select distinct gen_ai_conversation as conversation, trace_id from telemetry.span where gen_ai_conversation is not null) own
  join telemetry.span on span.trace_id = own.trace_id and (span.gen_ai_conversation is null or span.gen_ai_conversation = own.conversation)
  join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id;

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
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant select, insert on telemetry.span_part, telemetry.span_minute to heddle_collector;
    grant select on telemetry.span to heddle_collector;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.span_part, telemetry.span_minute, telemetry.span, telemetry.spans, telemetry.traces, telemetry.session_spans, telemetry.session_models, telemetry.sessions to heddle_web;
  end if;
end $$;
