export interface NewestSpans {
  /** Of `telemetry.span`. */
  columns: string
  /** A query of service ids. */
  services: string
  /** Parameters, such as `$3`. */
  from: string
  to: string
  limit: string
}

/** SQL: the newest spans of services in a window, minute by minute from the newest that has one, until there are enough (migration 0024). */
export function newestSpans({ columns, services, from, to, limit }: NewestSpans): string {
  return `
    select newest.* from (
      select distinct minute from telemetry.span_minute
      where service_id in (${services}) and minute > ${from}::timestamptz - interval '1 minute' and minute < ${to}::timestamptz + interval '1 minute'
      order by minute desc) has
    cross join lateral (
      select ${columns} from telemetry.span
      where part_time >= minute and part_time < minute + interval '1 minute' and part_services && array(${services}) and service_id in (${services}) and time >= ${from} and time < ${to}
      order by part_time desc limit ${limit}) newest
    limit ${limit}`
}
