-- What each block of spans holds, so that a search by attribute opens those that may have it: docs/decisions/0007-telemetry-storage.md

alter table telemetry.span_block
  -- Starts of its first and its last span. By themselves they spare the block in no search.
  add column oldest timestamptz not null default '-infinity',
  add column newest timestamptz not null default 'infinity',
  -- A Bloom filter over its attributes with their values, its resources and its services (server/otlp/terms.ts); null is anything.
  add column terms bytea;
-- Never compressed nor moved out of the row: it is read for each block of a search's time, a bit at a time.
alter table telemetry.span_block alter column terms set storage plain;

do $$
declare
  part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'telemetry.span_block'::regclass loop
    execute format('alter table %s alter column terms set storage plain', part);
  end loop;
end $$;

-- Of blocks that an older Heddle stored, here or in a backup.
create function telemetry.place_blocks() returns void language sql set search_path = pg_catalog, pg_temp as $$
  update telemetry.span_block block set oldest = own.oldest, newest = own.newest
  from (
    select block_id, min(time - (select max(before) from unnest(before_us) before) * interval '1 microsecond') as oldest, max(time) as newest
    from telemetry.span_part where block_id in (select id from telemetry.span_block where newest = 'infinity') group by block_id) own
  where own.block_id = block.id and block.newest = 'infinity'
$$;
select telemetry.place_blocks();

create index span_block_newest on telemetry.span_block (newest, id);
