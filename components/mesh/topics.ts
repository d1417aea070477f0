/** Topics of the live connection that these pages follow. */
export const TOPICS = { revisions: ['revisions'], proxies: ['proxies', 'revisions'], identities: ['identities'], telemetry: ['telemetry'] } as const
