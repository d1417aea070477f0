-- Narrow span rows: what repeats from span to span is said once, in a class. docs/decisions/0007-telemetry-storage.md

create table telemetry.span_class (
  id integer generated always as identity primary key,
  service_id integer not null references telemetry.service (id) on delete cascade,
  -- Of all columns that follow, and the service.
  hash bytea not null unique,
  operation_id integer not null references telemetry.operation (id) on delete cascade,
  kind smallint not null,
  status smallint not null,
  -- 0 none, 1 http, 2 grpc, 3 a2a, 4 mcp, 5 tunnel (CONNECT).
  protocol smallint not null,
  http_status smallint,
  -- Host that a client span called.
  peer text,
  gen_ai_operation text,
  gen_ai_agent text,
  gen_ai_model text,
  gen_ai_tool text
);
create index span_class_service on telemetry.span_class (service_id);
create index span_class_operation on telemetry.span_class (operation_id);

do $$
declare
  part text;
begin
  alter table telemetry.span rename to span_before;
  for part in select relname from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'telemetry.span_before'::regclass loop
    execute format('alter table telemetry.%I rename to %I', part, replace(part, 'span_', 'span_before_'));
  end loop;
end $$;

-- One row a span: what is searched. The span as it was sent is in span_block. Eight-byte columns first: no padding.
create table telemetry.span (
  -- Start of the span, or when it arrived where its own clock cannot be right (flag 4).
  time timestamptz not null,
  trace_id uuid not null,
  span_id bigint not null,
  parent_id bigint,
  duration_us bigint not null,
  block_id bigint not null,
  block_at integer not null,
  service_id integer not null,
  class_id integer not null,
  -- 1 root, 2 of a proxy, 4 clock repaired, 8 error, 16 refused (4xx), 32 its content is in span_content, 64 work begins here: a root or a server.
  flags smallint not null,
  input_tokens integer,
  output_tokens integer,
  bytes_sent bigint,
  bytes_received bigint,
  gen_ai_conversation text
) partition by range (time);

do $$
declare
  kept date;
begin
  for kept in select day from telemetry.days() loop
    perform telemetry.ensure_day(kept);
  end loop;
end $$;

insert into telemetry.span_class (service_id, hash, operation_id, kind, status, protocol, http_status, peer, gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool)
select distinct service_id, decode(md5(row(service_id, operation_id, kind, status, protocol, http_status, peer, gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool)::text), 'hex'),
  operation_id, kind, status, protocol, http_status, peer, gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool
from telemetry.span_before;

insert into telemetry.span
select time, trace_id, span_id, parent_id, duration_us, block_id, block_at, span_class.service_id, span_class.id,
  flags | case when parent_id is null or span_before.kind in (2, 5) then 64 else 0 end, input_tokens, output_tokens, bytes_sent, bytes_received, gen_ai_conversation
from telemetry.span_before join telemetry.span_class on hash = decode(md5(row(span_before.service_id, span_before.operation_id, span_before.kind, span_before.status,
  span_before.protocol, span_before.http_status, span_before.peer, span_before.gen_ai_operation, span_before.gen_ai_agent, span_before.gen_ai_model, span_before.gen_ai_tool)::text), 'hex');

drop table telemetry.span_before;

create index span_trace on telemetry.span (trace_id);
-- By stretches of ten seconds: equal keys share one entry, so that a span costs these indexes seven bytes and not twenty-six.
create index span_service on telemetry.span (service_id, date_bin('10 seconds', time, '2000-01-01 00:00:00+00'));
-- Where work begins in a service: what a search without a service looks through.
create index span_entry on telemetry.span (date_bin('10 seconds', time, '2000-01-01 00:00:00+00')) where flags & 64 <> 0;
create index span_time on telemetry.span using brin (time);

-- For people and their tools: docs/telemetry.md explains the columns.
create view telemetry.spans as
  select span.time, span.trace_id, lpad(to_hex(span.span_id), 16, '0') as span_id, lpad(to_hex(span.parent_id), 16, '0') as parent_id,
    service.mesh, service.namespace, service.name as service, service.version, service.proxy, operation.name as name,
    (array['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])[kind + 1] as kind, (array['unset', 'ok', 'error'])[status + 1] as status,
    flags & 8 <> 0 as failed, flags & 16 <> 0 as refused, duration_us / 1000.0 as duration_ms,
    (array['none', 'http', 'grpc', 'a2a', 'mcp', 'https'])[protocol + 1] as protocol, http_status, peer,
    gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, gen_ai_conversation, input_tokens, output_tokens, bytes_sent, bytes_received
  from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id;

create view telemetry.edges as
  select bucket as time, resolution as seconds, case evidence when 0 then 'mesh' else 'spans' end as evidence, mesh, source, source_version, target, target_version, protocol,
    requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us / 1000.0 as duration_ms
  from telemetry.edge_count join telemetry.edge on edge.id = edge_id;

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant select, insert, update, delete on telemetry.span, telemetry.span_class to heddle_collector;
    grant usage on all sequences in schema telemetry to heddle_collector;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.span, telemetry.span_class, telemetry.spans, telemetry.edges to heddle_web;
  end if;
end $$;
