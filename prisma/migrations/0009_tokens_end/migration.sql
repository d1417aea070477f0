-- A telemetry token ends with the certificates of its proxy: control moves the end with each one that it issues. The default is for a
-- row that comes without a certificate.
alter table "telemetry_token" add column "expires_at" timestamptz(6) not null default now() + interval '24 hours';
update "telemetry_token" t set "expires_at" = coalesce(
  (select max(s."not_after") from "svid" s where s."mesh" = t."mesh" and s."proxy" = t."proxy" and s."spiffe_id" = t."spiffe_id" and s."revoked_at" is null), now());

-- SHA-256 of the key that came in with a join token: an answer that was lost on its way is given to the same key again.
alter table "join_token" add column "used_key" bytea;
