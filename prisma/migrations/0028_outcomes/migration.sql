-- Tasks that ended, and what agents asked of models: counted with the calls, from the same spans, in the same rows. docs/objectives.md

-- `evidence` of edge_delta and edge_bucket, further: 2 is what the callee asked of a model while it worked for the caller, with the model's
-- name where an edge has its protocol; 3 is tasks of the caller that ended at the callee, `errors` those that were not completed. A caller
-- that no span names is ''. Readers of calls go on reading calls alone. A span says so with its flags: 128 a task was completed, 256 it failed.
create or replace view telemetry.edge_count as
  select bucket, resolution, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency
  from telemetry.edge_bucket where evidence < 2
  union all
  select date_bin(resolution * interval '1 second', bucket, 'epoch'), resolution, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received,
    input_tokens, output_tokens, duration_us, latency
  from telemetry.edge_delta cross join (values (10::smallint), (60::smallint), (3600::smallint)) as kept (resolution) where evidence < 2;

create view telemetry.outcome_count as
  select bucket, resolution, evidence, edge_id, requests, errors, input_tokens, output_tokens from telemetry.edge_bucket where evidence >= 2
  union all
  select date_bin(resolution * interval '1 second', bucket, 'epoch'), resolution, evidence, edge_id, requests, errors, input_tokens, output_tokens
  from telemetry.edge_delta cross join (values (10::smallint), (60::smallint), (3600::smallint)) as kept (resolution) where evidence >= 2;

-- The documented views. docs/telemetry.md explains the columns.
create view telemetry.tasks as
  select bucket as time, resolution as seconds, mesh, nullif(source, '') as caller, target as agent, target_version as version, requests as ended, errors as failed
  from telemetry.outcome_count join telemetry.edge on edge.id = edge_id where evidence = 3;

create view telemetry.model_use as
  select bucket as time, resolution as seconds, mesh, nullif(source, '') as caller, target as agent, target_version as version, protocol as model, requests as calls, errors as failed, input_tokens, output_tokens
  from telemetry.outcome_count join telemetry.edge on edge.id = edge_id where evidence = 2;

-- What an objective on cost has used and may use: {"spent", "allowed", "currency", "unpricedTokens"}.
alter table "objective_state" add column "cost" jsonb;

do $$
begin
  if exists (select from pg_roles where rolname = 'heddle_control') then
    grant select on telemetry.tasks, telemetry.model_use, telemetry.prices to heddle_control;
  end if;
  if exists (select from pg_roles where rolname = 'heddle_web') then
    grant select on telemetry.outcome_count, telemetry.tasks, telemetry.model_use to heddle_web;
  end if;
end $$;
