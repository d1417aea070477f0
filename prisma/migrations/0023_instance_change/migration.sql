-- Which instances changed, and in which transaction: a control process reads those alone that its last reading did not see. A renewed
-- lease changes nothing that is compiled. Rows of a quarter of an hour ago are of no use to anybody (server/db/mesh-changes.ts).
create table "instance_change" (
  "mesh" text not null,
  "id" text not null,
  "xid" bigint not null default (pg_current_xact_id()::text::bigint),
  "at" timestamptz not null default now(),
  primary key ("mesh", "xid", "id")
);

create function "note_instance_change"() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op <> 'INSERT' then
    insert into "instance_change" ("mesh", "id") values (old."mesh", old."id") on conflict do nothing;
  end if;
  if tg_op <> 'DELETE' then
    insert into "instance_change" ("mesh", "id") values (new."mesh", new."id") on conflict do nothing;
  end if;
  return null;
end $$;

create trigger "instance_came_or_went" after insert or delete on "instance" for each row execute function "note_instance_change"();
create trigger "instance_changed" after update of "mesh", "id", "namespace", "agent", "version", "address", "port", "zone", "labels", "weight", "tls", "source", "state" on "instance" for each row
  when ((to_jsonb(old) - 'lease_until') is distinct from (to_jsonb(new) - 'lease_until')) execute function "note_instance_change"();

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_control') then
    grant select, delete on "instance_change" to heddle_control;
  end if;
exception
  when insufficient_privilege then null;
end $$;
