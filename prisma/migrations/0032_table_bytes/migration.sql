-- What a table takes on disk, with its indexes. Where tables are spread over machines it asks those (server/db/citus.ts).
create function telemetry.table_bytes("table" oid) returns bigint language sql stable set search_path = pg_catalog, pg_temp as $$
  select pg_total_relation_size("table")
$$;

create or replace function telemetry.days() returns table (day date, bytes bigint) language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_date(right(child.relname, 8), 'YYYYMMDD'), sum(telemetry.table_bytes(child.oid))::bigint
  from pg_inherits
  join pg_class child on child.oid = inhrelid
  join pg_class parent on parent.oid = inhparent
  join pg_namespace on pg_namespace.oid = parent.relnamespace
  where nspname = 'telemetry' and child.relkind = 'r'
  group by 1 order by 1
$$;

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant execute on function telemetry.table_bytes(oid) to heddle_web;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_collector') then
    grant execute on function telemetry.table_bytes(oid) to heddle_collector;
  end if;
end $$;
