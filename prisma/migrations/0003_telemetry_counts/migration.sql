-- Calls are counted in the transaction that stores their spans, and log records stand beside the spans they belong to.
-- docs/decisions/0007-telemetry-storage.md

-- What of a trace was counted follows from its stored spans: nothing is kept beside them.
drop table telemetry.trace;

-- Collectors take turns to commit spans; the row's lock is the turn, and `before` says whether another one had the last.
create table telemetry.turn (
  one boolean primary key default true check (one),
  writer integer not null default -1,
  before integer not null default -1
) with (fillfactor = 10);
insert into telemetry.turn default values;

-- What commits add to edges, appended; every few seconds it is folded into `edge_bucket`.
create table telemetry.edge_delta (
  bucket timestamptz not null,
  evidence smallint not null,
  edge_id integer not null,
  requests bigint not null,
  errors bigint not null,
  refused bigint not null,
  retries bigint not null,
  mtls bigint not null,
  bytes_sent bigint not null,
  bytes_received bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  duration_us bigint not null,
  latency integer[] not null
);

-- What an edge did, folded or not: what every reader reads.
create view telemetry.edge_count as
  select bucket, resolution, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency
  from telemetry.edge_bucket
  union all
  select date_bin(resolution * interval '1 second', bucket, 'epoch'), resolution, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received,
    input_tokens, output_tokens, duration_us, latency
  from telemetry.edge_delta cross join (values (10::smallint), (60::smallint), (3600::smallint)) as kept (resolution);

-- Log records of traces, as their OTLP bytes. Messages are in `content`, for agents that asked; else they were dropped on arrival.
create table telemetry.log (
  time timestamptz not null,
  trace_id uuid not null,
  span_id bigint,
  service_id integer not null,
  resource_id integer not null,
  scope_id integer not null,
  sender_id integer not null,
  severity smallint not null,
  bytes bytea not null,
  content bytea
) partition by range (time);
create index log_trace on telemetry.log (trace_id);

create or replace function telemetry.ensure_day(day date) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent text;
  part text;
begin
  perform pg_advisory_xact_lock(7232912);
  foreach parent in array array['span', 'span_block', 'span_content', 'edge_bucket', 'log'] loop
    part := parent || '_' || to_char(day, 'YYYYMMDD');
    if to_regclass('telemetry.' || part) is null then
      execute format('create table telemetry.%I (like telemetry.%I including defaults including constraints including storage)', part, parent);
      execute format('alter table telemetry.%I attach partition telemetry.%I for values from (%L) to (%L)', parent, part,
        day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end if;
  end loop;
end $$;

create or replace function telemetry.drop_day(parent text, day date) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
begin
  if parent not in ('span', 'span_block', 'span_content', 'edge_bucket', 'log') then
    raise exception 'telemetry.% is not kept by days', parent;
  end if;
  execute format('drop table if exists telemetry.%I', parent || '_' || to_char(day, 'YYYYMMDD'));
  return true;
exception when lock_not_available then
  return false;
end $$;

-- Days that are there already get their part of the new table.
select telemetry.ensure_day(day) from telemetry.days();

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant select, insert, update, delete on telemetry.turn, telemetry.edge_delta, telemetry.log to heddle_collector;
    grant select on telemetry.edge_count to heddle_collector;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.edge_delta, telemetry.edge_count, telemetry.log to heddle_web;
  end if;
end $$;
