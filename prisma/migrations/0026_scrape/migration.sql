-- How each target that is scraped fares, and the last cumulative values it said: written in the transaction that adds what they grew by.
create table telemetry.scrape (
  mesh text not null,
  name text not null,
  -- Values of another address are another's.
  url text not null,
  scraped_at timestamptz not null,
  succeeded_at timestamptz,
  error text,
  duration_ms integer not null,
  bytes integer not null,
  series integer not null,
  edges integer not null,
  -- {reason: samples}
  refused jsonb not null,
  -- Deflated JSON: collectors/prometheus/grown.ts.
  state bytea,
  primary key (mesh, name)
);

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant select, insert, update, delete on telemetry.scrape to heddle_collector;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.scrape to heddle_web;
  end if;
end $$;
