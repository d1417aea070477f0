-- How agents keep to their objectives, the alerts of those that do not, who was told, and who does not want to hear of it.

create table "objective_state" (
  "mesh" text not null,
  "namespace" text not null,
  "name" text not null,
  "state" text not null,
  "since" timestamptz(6) not null default now(),
  "calls" double precision not null,
  "good" double precision not null,
  "budget_left" double precision,
  "burn" jsonb not null default '{}',
  "evaluated_at" timestamptz(6) not null default now(),
  primary key ("mesh", "namespace", "name")
);

create table "alert" (
  "id" text primary key,
  "mesh" text not null,
  "namespace" text not null,
  "objective" text not null,
  "speed" text not null,
  "started_at" timestamptz(6) not null default now(),
  "ended_at" timestamptz(6),
  "peak" double precision not null
);
-- One alert of an objective runs at a time.
create unique index "alert_running" on "alert" ("mesh", "namespace", "objective") where "ended_at" is null;
create index "alert_mesh" on "alert" ("mesh", "started_at" desc);

-- What is to be told, until it is: written with the alert, so that nothing is forgotten when a process dies between the two.
create table "alert_delivery" (
  "alert" text not null references "alert" ("id") on delete cascade,
  "receiver" text not null,
  "event" text not null,
  "state" text not null default 'waiting',
  "attempts" integer not null default 0,
  "next_at" timestamptz(6) not null default now(),
  "error" text,
  primary key ("alert", "receiver", "event")
);
create index "alert_delivery_waiting" on "alert_delivery" ("next_at") where "state" = 'waiting';

create table "silence" (
  "id" text primary key,
  "mesh" text not null,
  "namespace" text not null,
  "objective" text,
  "until" timestamptz(6) not null,
  "by" text not null,
  "reason" text not null default '',
  "created_at" timestamptz(6) not null default now()
);
create index "silence_mesh" on "silence" ("mesh", "until");

do $$
begin
  grant select, insert, update, delete on "objective_state", "alert", "alert_delivery" to heddle_control;
  grant select on "silence", "setting" to heddle_control;
  grant select on "objective_state", "alert", "alert_delivery" to heddle_web;
  grant select, insert, update, delete on "silence" to heddle_web;
exception
  when insufficient_privilege or undefined_object then null;
end $$;
