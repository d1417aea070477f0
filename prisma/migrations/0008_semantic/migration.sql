-- Decisions of semantic routing: who could have answered a task, who did, and why.

create table "semantic_decision" (
  "id" text primary key,
  "mesh" text not null,
  "namespace" text not null,
  "route" text not null,
  "at" timestamptz(6) not null default now(),
  "caller" text not null default '',
  "mode" text not null,
  "outcome" text not null,
  "chosen" text,
  "skill" text,
  "reason" text not null,
  "confidence" double precision,
  "task_hash" text not null,
  "task_text" text,
  "embedding" bytea,
  "context_hash" text,
  "trace_id" text,
  "candidates" jsonb not null default '[]',
  "revision" integer not null,
  "duration_ms" double precision not null,
  "corrected" text,
  "corrected_by" text
);
create index "semantic_decision_route" on "semantic_decision" ("mesh", "namespace", "route", "at" desc);
create index "semantic_decision_trace" on "semantic_decision" ("trace_id") where "trace_id" is not null;
create index "semantic_decision_at" on "semantic_decision" ("at");

create table "semantic_conversation" (
  "mesh" text not null,
  "route" text not null,
  "context_hash" text not null,
  "agent" text not null,
  "last_used" timestamptz(6) not null default now(),
  primary key ("mesh", "route", "context_hash")
);

do $$
begin
  grant select, insert, update, delete on "semantic_decision", "semantic_conversation" to heddle_control;
  grant select on "semantic_decision", "semantic_conversation" to heddle_web;
  grant update ("corrected", "corrected_by") on "semantic_decision" to heddle_web;
  -- How fast agents answer counts in a choice.
  grant usage on schema telemetry to heddle_control;
  grant select on telemetry.edge, telemetry.edge_count to heddle_control;
exception
  when insufficient_privilege or undefined_object then null;
end $$;
