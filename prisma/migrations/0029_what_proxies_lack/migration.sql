-- Extensions that its Envoy did not list with its first request, of those that Heddle can leave out: server/mesh/optional-extensions.ts.
alter table proxy add column lacking text[] not null default '{}';
