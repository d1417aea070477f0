-- Telemetry, in a schema of its own: written by the collectors with COPY and SQL, read by web. docs/decisions/0007-telemetry-storage.md

create schema "telemetry";

-- Who sent it: a SPIFFE id or the name of an API token.
create table telemetry.sender (
  id integer generated always as identity primary key,
  mesh text not null,
  name text not null,
  unique (mesh, name)
);

-- What service.namespace, service.name and service.version say; `proxy` for an Envoy that speaks in the agent's name.
create table telemetry.service (
  id integer generated always as identity primary key,
  mesh text not null,
  namespace text not null,
  name text not null,
  version text not null,
  proxy boolean not null,
  unique (mesh, namespace, name, version, proxy)
);

-- Span names of a service; beyond a limit they share the entry “(other names)”, while each span keeps its own in its bytes.
create table telemetry.operation (
  id integer generated always as identity primary key,
  service_id integer not null references telemetry.service (id) on delete cascade,
  name text not null,
  unique (service_id, name)
);

-- An OTLP Resource or InstrumentationScope, as its protobuf bytes with the schema URL of its list.
create table telemetry.described (
  id integer generated always as identity primary key,
  mesh text not null,
  hash bytea not null,
  bytes bytea not null,
  seen_on date not null default current_date,
  unique (mesh, hash)
);

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
  operation_id integer not null,
  -- 1 root, 2 of a proxy, 4 clock repaired, 8 error, 16 refused (4xx), 32 its content is in span_content.
  flags smallint not null,
  kind smallint not null,
  status smallint not null,
  -- 0 none, 1 http, 2 grpc, 3 a2a, 4 mcp, 5 tunnel (CONNECT).
  protocol smallint not null,
  http_status smallint,
  input_tokens integer,
  output_tokens integer,
  bytes_sent bigint,
  bytes_received bigint,
  -- Host that a client span called.
  peer text,
  gen_ai_operation text,
  gen_ai_agent text,
  gen_ai_model text,
  gen_ai_tool text,
  gen_ai_conversation text
) partition by range (time);
create index span_trace on telemetry.span (trace_id);
create index span_service on telemetry.span (service_id, time);
-- Where work begins in a service: what a search without a service looks through.
create index span_entry on telemetry.span (time) where parent_id is null or kind in (2, 5);
create index span_time on telemetry.span using brin (time);

-- Spans in their OTLP bytes, many to a block, zstd. Entry: varints resource, scope, sender, length; then the bytes.
create table telemetry.span_block (
  day timestamptz not null,
  id bigint not null,
  bytes bytea not null,
  primary key (id, day)
) partition by range (day);
alter table telemetry.span_block alter column bytes set storage external;

-- Prompts, messages, tool arguments and results of agents that asked to have them recorded: a fragment of an OTLP Span.
create table telemetry.span_content (
  time timestamptz not null,
  trace_id uuid not null,
  span_id bigint not null,
  service_id integer not null,
  bytes bytea not null
) partition by range (time);
create index span_content_trace on telemetry.span_content (trace_id);

-- The working set of the edge reckoner: what of a trace is counted, and when to look at it again (null: nothing new).
create table telemetry.trace (
  mesh text not null,
  trace_id uuid not null,
  reckon_at timestamptz,
  spans integer not null,
  touched_at timestamptz not null default now(),
  counted jsonb,
  primary key (mesh, trace_id)
) with (fillfactor = 70);
create index trace_reckon on telemetry.trace (reckon_at) where reckon_at is not null;
create index trace_touched on telemetry.trace using brin (touched_at);

-- Caller → callee. Versions are '' where the evidence does not tell.
create table telemetry.edge (
  id integer generated always as identity primary key,
  mesh text not null,
  source text not null,
  source_version text not null,
  target text not null,
  target_version text not null,
  protocol text not null,
  unique (mesh, source, source_version, target, target_version, protocol)
);

-- Counts of an edge in one stretch of time; resolution is its length in seconds (10, 60, 3600).
create table telemetry.edge_bucket (
  bucket timestamptz not null,
  resolution smallint not null,
  -- 0 mesh (the caller's proxy), 1 spans (the agents' own).
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
  -- Pairs of index and count, ascending: server/otlp/sketch.ts.
  latency integer[] not null,
  primary key (resolution, bucket, edge_id, evidence)
) partition by range (bucket);

-- The sum of two sketches; entries that reach zero go.
create function telemetry.sketch_add(a integer[], b integer[]) returns integer[] language sql immutable parallel safe as $$
  select coalesce(array_agg(x order by i, o), '{}') from (
    select i, sum(n)::integer as n from (
      select a[k] as i, a[k + 1] as n from generate_series(1, coalesce(array_length(a, 1), 0), 2) k
      union all
      select b[k], b[k + 1] from generate_series(1, coalesce(array_length(b, 1), 0), 2) k
    ) entries group by i having sum(n) > 0
  ) summed cross join lateral (values (0, i), (1, n)) pair (o, x)
$$;

-- Last cumulative values of a proxy's counters, by cluster or listener kind.
create table telemetry.proxy_counter (
  mesh text not null,
  proxy text not null,
  scope text not null,
  state jsonb not null,
  seen_at timestamptz not null default now(),
  primary key (mesh, proxy, scope)
) with (fillfactor = 70);

-- How each collector fares, every ten seconds.
create table telemetry.ingest (
  collector text not null,
  bucket timestamptz not null,
  requests bigint not null,
  spans bigint not null,
  points bigint not null,
  bytes bigint not null,
  content_dropped bigint not null,
  -- Slowest receive-to-commit.
  lag_ms integer not null,
  waiting_bytes bigint not null,
  -- {reason: count}
  refused jsonb not null,
  primary key (collector, bucket)
);
create index ingest_bucket on telemetry.ingest (bucket desc);

-- Partitions by UTC day. ATTACH and not PARTITION OF: inserts go on meanwhile. No default partition: a time that has no day is a bug.
create function telemetry.ensure_day(day date) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parent text;
  part text;
begin
  perform pg_advisory_xact_lock(7232912);
  foreach parent in array array['span', 'span_block', 'span_content', 'edge_bucket'] loop
    part := parent || '_' || to_char(day, 'YYYYMMDD');
    if to_regclass('telemetry.' || part) is null then
      execute format('create table telemetry.%I (like telemetry.%I including defaults including constraints including storage)', part, parent);
      execute format('alter table telemetry.%I attach partition telemetry.%I for values from (%L) to (%L)', parent, part,
        day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end if;
  end loop;
end $$;

-- Days that hold telemetry, oldest first, with what they take on disk.
create function telemetry.days() returns table (day date, bytes bigint) language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_date(right(child.relname, 8), 'YYYYMMDD'), sum(pg_total_relation_size(child.oid))::bigint
  from pg_inherits
  join pg_class child on child.oid = inhrelid
  join pg_class parent on parent.oid = inhparent
  join pg_namespace on pg_namespace.oid = parent.relnamespace
  where nspname = 'telemetry' and child.relkind = 'r'
  group by 1 order by 1
$$;

-- Drops one table's day. Gives up rather than queue before inserts; the next round tries again.
create function telemetry.drop_day(parent text, day date) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
begin
  if parent not in ('span', 'span_block', 'span_content', 'edge_bucket') then
    raise exception 'telemetry.% is not kept by days', parent;
  end if;
  execute format('drop table if exists telemetry.%I', parent || '_' || to_char(day, 'YYYYMMDD'));
  return true;
exception when lock_not_available then
  return false;
end $$;
revoke execute on function telemetry.drop_day(text, date), telemetry.ensure_day(date) from public;

select telemetry.ensure_day((now() at time zone 'UTC')::date + ahead) from generate_series(0, 2) ahead;

-- The collector writes telemetry, and reads which agents asked for their content; web reads. Migration 0001 makes the roles.
do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant usage on schema telemetry to heddle_collector;
    grant select, insert, update, delete on all tables in schema telemetry to heddle_collector;
    grant usage on all sequences in schema telemetry to heddle_collector;
    grant execute on all functions in schema telemetry to heddle_collector;
    grant select ("mesh", "kind", "namespace", "name", "labels") on "object" to heddle_collector;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant usage on schema telemetry to heddle_web;
    grant select on all tables in schema telemetry to heddle_web;
    grant execute on function telemetry.days(), telemetry.sketch_add(integer[], integer[]) to heddle_web;
  end if;
end $$;
