-- Configuration and runtime rows. Telemetry has a migration of its own. Every row carries its mesh.

create table "mesh" (
  "name" text primary key,
  "kind" text not null default 'native',
  "trust_domain" text not null,
  -- Number of the newest revision; taken with a row lock, so that numbers have no gaps.
  "head" integer not null default 0,
  "created_at" timestamptz not null default now()
);

-- What an operator wrote, in its present form. History is in revision_change.
create table "object" (
  "mesh" text not null references "mesh" ("name"),
  "kind" text not null,
  "namespace" text not null,
  "name" text not null,
  "uid" uuid not null default gen_random_uuid(),
  "generation" integer not null default 1,
  "revision" integer not null,
  "labels" jsonb not null default '{}',
  "annotations" jsonb not null default '{}',
  "spec" jsonb not null,
  "managed_by" text,
  "created_at" timestamptz not null default now(),
  primary key ("mesh", "kind", "namespace", "name")
);

create table "revision" (
  "mesh" text not null references "mesh" ("name"),
  "number" integer not null,
  "author" text not null,
  "reason" text not null default '',
  "plan" jsonb not null default '[]',
  "reverts" integer,
  "at" timestamptz not null default now(),
  "accepted_at" timestamptz,
  primary key ("mesh", "number")
);

create table "revision_change" (
  "mesh" text not null,
  "revision" integer not null,
  "kind" text not null,
  "namespace" text not null,
  "name" text not null,
  "before" jsonb,
  "after" jsonb,
  primary key ("mesh", "revision", "kind", "namespace", "name"),
  foreign key ("mesh", "revision") references "revision" ("mesh", "number")
);
create index "revision_change_object" on "revision_change" ("mesh", "kind", "namespace", "name", "revision" desc);

-- Control processes now alive, and how far each has compiled.
create table "control_process" (
  "id" text primary key,
  "address" text not null,
  "started_at" timestamptz not null default now(),
  "heartbeat_at" timestamptz not null default now(),
  "compiled" jsonb not null default '{}'
);

create table "proxy" (
  "mesh" text not null references "mesh" ("name"),
  "id" text not null,
  "namespace" text not null,
  "agent" text not null,
  "version" text not null,
  "spiffe_id" text not null,
  "build" text not null default '',
  -- As its last heartbeat said: {address, inboundPort, outboundPort, adminPort, agentTarget}; what its listeners are compiled from.
  "endpoints" jsonb not null default '{}',
  -- The control process that holds its ADS stream; null when none does.
  "control_id" text,
  "connected_at" timestamptz,
  "disconnected_at" timestamptz,
  "last_seen" timestamptz not null default now(),
  -- {serial, issuerId, trusts[]} as the sidecar says it holds, and the issuer seen on its own connection.
  "identity" jsonb,
  "card" jsonb,
  "warnings" jsonb not null default '[]',
  "created_at" timestamptz not null default now(),
  primary key ("mesh", "id")
);
create index "proxy_agent" on "proxy" ("mesh", "namespace", "agent");

create table "proxy_resource" (
  "mesh" text not null,
  "proxy" text not null,
  "type_url" text not null,
  "name" text not null,
  "sent" text,
  "acked" text,
  "refused" text,
  "reason" text,
  "changed_at" timestamptz not null default now(),
  primary key ("mesh", "proxy", "type_url", "name"),
  foreign key ("mesh", "proxy") references "proxy" ("mesh", "id") on delete cascade
);

-- Which proxies need a revision, what of it each was sent, and what it said.
create table "revision_proxy" (
  "mesh" text not null,
  "revision" integer not null,
  "proxy" text not null,
  "state" text not null default 'pending',
  -- [{typeUrl, name, version}]; version null is a removal.
  "changes" jsonb not null,
  "refusal" jsonb,
  "decided_at" timestamptz,
  primary key ("mesh", "revision", "proxy"),
  foreign key ("mesh", "revision") references "revision" ("mesh", "number")
);
create index "revision_proxy_open" on "revision_proxy" ("mesh", "proxy") where "state" = 'pending';

-- The last form of each resource that a proxy of a build accepted; it stands in for one that the build refuses.
-- scope is '' for what every proxy gets alike; a namespace, namespace/agent or proxy id for what differs by it.
create table "accepted_resource" (
  "mesh" text not null references "mesh" ("name"),
  "build" text not null,
  "type_url" text not null,
  "scope" text not null,
  "name" text not null,
  "version" text not null,
  "bytes" bytea not null,
  "accepted_at" timestamptz not null default now(),
  primary key ("mesh", "build", "type_url", "scope", "name")
);

create table "refused_resource" (
  "mesh" text not null references "mesh" ("name"),
  "build" text not null,
  "type_url" text not null,
  "scope" text not null,
  "name" text not null,
  "version" text not null,
  "proxy" text not null,
  "reason" text not null,
  "at" timestamptz not null default now(),
  primary key ("mesh", "build", "type_url", "scope", "name", "version")
);

-- An address that takes calls for a version of an agent. Source sidecar has a lease, source static has none.
create table "instance" (
  "mesh" text not null references "mesh" ("name"),
  "id" text not null,
  "namespace" text not null,
  "agent" text not null,
  "version" text not null,
  "address" text not null,
  "port" integer not null,
  "zone" text not null default '',
  "labels" jsonb not null default '{}',
  "weight" integer not null default 1,
  "tls" boolean not null default true,
  "source" text not null,
  "state" text not null default 'ready',
  "lease_until" timestamptz,
  "registered_at" timestamptz not null default now(),
  primary key ("mesh", "id")
);
create index "instance_agent" on "instance" ("mesh", "namespace", "agent");

create table "certificate_authority" (
  "id" text primary key,
  "mesh" text not null references "mesh" ("name"),
  "role" text not null,
  "state" text not null,
  "parent_id" text references "certificate_authority" ("id"),
  "subject" text not null,
  "serial" text not null,
  "pem" text not null,
  "not_before" timestamptz not null,
  "not_after" timestamptz not null,
  "created_at" timestamptz not null default now()
);

-- AES-256-GCM under HEDDLE_SECRET_KEY; only control reads it.
create table "ca_key" (
  "ca_id" text primary key references "certificate_authority" ("id"),
  "key_id" text not null,
  "ciphertext" bytea not null
);

-- Which roots the mesh trusts, in order: a list from the first day.
create table "trust_bundle" (
  "mesh" text not null references "mesh" ("name"),
  "ca_id" text not null references "certificate_authority" ("id"),
  "position" integer not null,
  primary key ("mesh", "ca_id")
);

create table "svid" (
  "serial" text primary key,
  "mesh" text not null references "mesh" ("name"),
  "spiffe_id" text not null,
  "proxy" text not null,
  "issuer_id" text not null references "certificate_authority" ("id"),
  "not_before" timestamptz not null,
  "not_after" timestamptz not null,
  "issued_at" timestamptz not null default now(),
  "revoked_at" timestamptz,
  "revoked_reason" text
);
create index "svid_proxy" on "svid" ("mesh", "proxy", "issued_at" desc);

create table "rotation" (
  "id" text primary key,
  "mesh" text not null references "mesh" ("name"),
  "state" text not null,
  "step" text not null,
  -- Issuing certificates. Web inserts the row without them; control fills them in when it begins.
  "from_id" text references "certificate_authority" ("id"),
  "to_id" text references "certificate_authority" ("id"),
  "started_by" text not null,
  "reason" text not null default '',
  -- What a person asked for since control last looked: {wish: pause|resume|cancel|retire, by}.
  "wish" jsonb,
  -- Why the step waits, in sentences, and how far each proxy is; written by control.
  "waits_for" jsonb not null default '[]',
  "evidence" jsonb not null default '[]',
  "history" jsonb not null default '[]',
  "started_at" timestamptz not null default now(),
  "ended_at" timestamptz
);
create unique index "rotation_running" on "rotation" ("mesh") where "ended_at" is null;

create table "join_token" (
  "id" text primary key,
  "mesh" text not null references "mesh" ("name"),
  "hash" bytea not null unique,
  "namespace" text not null,
  "agent" text not null,
  "created_by" text not null,
  "created_at" timestamptz not null default now(),
  "expires_at" timestamptz not null,
  "used_at" timestamptz,
  "used_by" text
);

create table "telemetry_token" (
  "hash" bytea primary key,
  "mesh" text not null references "mesh" ("name"),
  "spiffe_id" text not null,
  "proxy" text not null,
  "created_at" timestamptz not null default now(),
  "revoked_at" timestamptz
);

-- One row a setting that is kept in the store rather than in the environment, such as the sample fleet's knobs.
create table "setting" (
  "mesh" text not null references "mesh" ("name"),
  "key" text not null,
  "value" jsonb not null,
  "changed_at" timestamptz not null default now(),
  primary key ("mesh", "key")
);

-- People. better-auth's tables keep its own column names.
create table "user" (
  "id" text primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null default false,
  "image" text,
  "role" text not null default 'viewer',
  "banned" boolean not null default false,
  "banReason" text,
  "banExpires" timestamptz,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create table "session" (
  "id" text primary key,
  "token" text not null unique,
  "userId" text not null references "user" ("id") on delete cascade,
  "expiresAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "impersonatedBy" text,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create index "session_user" on "session" ("userId");
create table "account" (
  "id" text primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create index "account_user" on "account" ("userId");
create table "verification" (
  "id" text primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);

create table "api_token" (
  "id" text primary key,
  "name" text not null,
  "prefix" text not null,
  "hash" bytea not null unique,
  "role" text not null,
  "created_by" text not null,
  "created_at" timestamptz not null default now(),
  "expires_at" timestamptz,
  "last_used_at" timestamptz,
  "revoked_at" timestamptz
);

create table "sign_in_link" (
  "hash" bytea primary key,
  "user_id" text not null references "user" ("id") on delete cascade,
  "created_at" timestamptz not null default now(),
  "expires_at" timestamptz not null,
  "used_at" timestamptz
);

-- Signs the sessions' cookies; one row for every web process of the store.
create table "web_secret" (
  "name" text primary key,
  "value" text not null,
  "created_at" timestamptz not null default now()
);

create table "audit" (
  "seq" bigint generated always as identity primary key,
  "mesh" text,
  "at" timestamptz not null default now(),
  "actor" text not null,
  "action" text not null,
  "target" text not null,
  "result" text not null,
  "detail" jsonb not null default '{}'
);
create index "audit_at" on "audit" ("at" desc);

create function "refuse_audit_change"() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger "audit_append_only" before update or delete on "audit" for each row execute function "refuse_audit_change"();
create trigger "audit_no_truncate" before truncate on "audit" for each statement execute function "refuse_audit_change"();

-- Rights by process. Where this login may not make roles, processes run as the login itself (server/db/roles.ts).
do $$
declare
  made text;
begin
  foreach made in array array['heddle_web', 'heddle_control', 'heddle_collector'] loop
    if not exists (select from pg_roles where rolname = made) then
      execute format('create role %I nologin', made);
    end if;
    execute format('grant %I to current_user', made);
  end loop;
exception
  when insufficient_privilege or duplicate_object or unique_violation then null;
end $$;

do $$
begin
  if not exists (select from pg_roles where rolname = 'heddle_web')
    or not exists (select from pg_roles where rolname = 'heddle_control')
    or not exists (select from pg_roles where rolname = 'heddle_collector') then
    return;
  end if;
  grant usage on schema public to heddle_web, heddle_control, heddle_collector;
  grant select on "_prisma_migrations" to heddle_web, heddle_control, heddle_collector;
  grant insert on "audit" to heddle_web, heddle_control, heddle_collector;

  -- What an operator writes, by either hand; history is only added to.
  grant select, insert, update, delete on "mesh", "object" to heddle_web, heddle_control;
  grant select, insert on "revision_change" to heddle_web, heddle_control;
  grant select, insert, update on "revision" to heddle_web, heddle_control;

  -- What the mesh says; web reads it.
  grant select, insert, update, delete on "control_process", "proxy", "proxy_resource", "revision_proxy", "accepted_resource", "refused_resource", "instance",
    "certificate_authority", "ca_key", "trust_bundle", "svid", "rotation", "join_token", "telemetry_token", "setting" to heddle_control;
  grant select on "control_process", "proxy", "proxy_resource", "revision_proxy", "accepted_resource", "refused_resource", "instance",
    "certificate_authority", "trust_bundle", "svid" to heddle_web;

  -- Wishes that web leaves for control, people, and what they hold. CA keys are not among it.
  grant update ("revoked_at", "revoked_reason") on "svid" to heddle_web;
  grant select ("mesh", "proxy", "revoked_at"), update ("revoked_at") on "telemetry_token" to heddle_web;
  grant select, insert, update, delete on "rotation", "join_token", "setting", "user", "session", "account", "verification", "api_token", "sign_in_link", "web_secret" to heddle_web;
  grant select on "audit" to heddle_web;

  -- Who sent a span: nothing else of the configuration.
  grant select on "mesh", "setting", "telemetry_token" to heddle_collector;
  grant select ("id", "name", "hash", "role", "expires_at", "revoked_at") on "api_token" to heddle_collector;
exception
  when insufficient_privilege then null;
end $$;
