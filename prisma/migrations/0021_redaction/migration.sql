-- What rules of redaction took out, by mark.
alter table telemetry.ingest add column redacted jsonb not null default '{}';
