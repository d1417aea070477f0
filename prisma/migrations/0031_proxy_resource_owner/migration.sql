-- What a proxy holds is hundreds of rows that are written at once. The foreign key looked its proxy up for each of them, which was most of what a
-- row cost; now the writer locks the proxy once (server/xds/status-sql.ts), and the rows go with it by this trigger.
alter table "proxy_resource" drop constraint "proxy_resource_mesh_proxy_fkey";

create function "drop_proxy_resources"() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from "proxy_resource" p using gone where p."mesh" = gone."mesh" and p."proxy" = gone."id";
  return null;
end $$;

create trigger "proxy_left" after delete on "proxy" referencing old table as gone for each statement execute function "drop_proxy_resources"();
