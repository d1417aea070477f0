/** How near two zones are: 2 the same zone, 1 the same region (`REGION/ZONE`), 0 elsewhere or unknown. */
export function nearness(from: string, to: string): 0 | 1 | 2 {
  if (from === '' || to === '') return 0
  if (from === to) return 2
  return from.includes('/') && regionOf(from) === regionOf(to) ? 1 : 0
}

function regionOf(zone: string): string {
  return zone.slice(0, Math.max(0, zone.indexOf('/')))
}
