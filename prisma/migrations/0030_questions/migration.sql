-- What people ask of proxies, until their sidecars have answered: server/identity/questions.ts. Rows live for seconds.
create unlogged table "proxy_question" (
  "id" uuid not null,
  "mesh" text not null,
  "proxy" text not null,
  "question" jsonb not null,
  "asked_by" text not null,
  "asked_at" timestamptz(6) not null default now(),
  "taken_at" timestamptz(6),
  "answer" jsonb,
  "failure" text,
  "answered_at" timestamptz(6),
  primary key ("id")
);
create index "proxy_question_waiting" on "proxy_question" ("mesh", "proxy") where "taken_at" is null;

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_control') then
    grant select, update on "proxy_question" to heddle_control;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select, insert, delete on "proxy_question" to heddle_web;
  end if;
end $$;
