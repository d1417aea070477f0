// One stroke, one size, no labels of their own: an icon stands beside a word or its button carries one.
const PATHS = {
  overview: 'M3 12l9-8 9 8M5 10v10h14V10',
  graph: 'M5 5m-2 0a2 2 0 104 0a2 2 0 10-4 0M19 8m-2 0a2 2 0 104 0a2 2 0 10-4 0M12 19m-2 0a2 2 0 104 0a2 2 0 10-4 0M7 5.4l10 2.2M6 6.8l5 10.4M18 9.8l-5 7.5',
  agent: 'M12 3v3M7 8h10a2 2 0 012 2v8a2 2 0 01-2 2H7a2 2 0 01-2-2v-8a2 2 0 012-2zM9.5 14h.01M14.5 14h.01',
  traces: 'M4 6h9M7 12h10M12 18h8',
  sessions: 'M4 5h11v8H8l-4 3zM9 16h7l4 3v-9h-3',
  routes: 'M5 5v5a4 4 0 004 4h6a4 4 0 014 4v1M5 5l-2 2M5 5l2 2M19 19l-2-2M19 19l2-2',
  security: 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z',
  proxies: 'M4 5h16v5H4zM4 14h16v5H4zM7 7.5h.01M7 16.5h.01M11 7.5h6M11 16.5h6',
  changes: 'M4 12a8 8 0 108-8 8 8 0 00-6.5 3.3M4 4v4h4M12 8v4l3 2',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h6M9 17h6',
  settings: 'M12 9a3 3 0 110 6 3 3 0 010-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1',
  tool: 'M14 4a5 5 0 00-5 6l-6 6 4 4 6-6a5 5 0 006-6l-3 3-3-1-1-3z',
  model: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 3v9m0 0l8-4.5M12 12L4 7.5',
  gateway: 'M4 4h16v16H4zM4 12h16M12 4v16',
  external: 'M12 3a9 9 0 100 18 9 9 0 000-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  unknown: 'M12 3a9 9 0 100 18 9 9 0 000-18zM9.5 9.5a2.5 2.5 0 114 2c-1 .700-1.5 1.2-1.5 2.5M12 17h.01',
  search: 'M11 5a6 6 0 100 12 6 6 0 000-12zM20 20l-4.5-4.5',
  chevron: 'M6 9l6 6 6-6',
  right: 'M9 6l6 6-6 6',
  close: 'M6 6l12 12M18 6L6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  pause: 'M8 5v14M16 5v14',
  play: 'M8 5l11 7-11 7z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12l5 5 9-10',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  tidy: 'M4 5h6v5H4zM14 14h6v5h-6zM14 5h6v5h-6zM10 7.5h4M17 10v4',
  objective: 'M12 3a9 9 0 100 18 9 9 0 000-18M12 8a4 4 0 100 8 4 4 0 000-8M12 12h.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3',
  open: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 016.5-1.8',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
  moon: 'M20 14a8 8 0 01-10-10 8 8 0 1010 10z',
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
  help: 'M8 8a4 4 0 116.5 3.2c-1.6 1-2.5 1.8-2.5 3.8M12 19.5h.01',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  terminal: 'M4 5h16v14H4zM7 9l3 3-3 3M12 15h5',
  person: 'M12 4a4 4 0 100 8 4 4 0 000-8zM4 21c1-5 4-7 8-7s7 2 8 7',
  filter: 'M4 6h16M7 12h10M10 18h4',
  link: 'M10 14a4 4 0 005.7 0l3-3a4 4 0 00-5.7-5.7L12 6.5M14 10a4 4 0 00-5.7 0l-3 3a4 4 0 005.7 5.7l1-1',
  revert: 'M9 14l-4-4 4-4M5 10h9a5 5 0 010 10h-3',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  download: 'M12 4v11M7 10l5 5 5-5M5 20h14',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16, className = '' }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 24 24" width={size} height={size} className={`flex-none ${className}`} fill="none" stroke="currentColor" strokeWidth={1.6} strokeLinecap="round" strokeLinejoin="round">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The mark: two threads that cross at a heddle's eye. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg aria-hidden viewBox="0 0 24 24" width={size} height={size} className="flex-none text-brand" fill="none" stroke="currentColor" strokeWidth={1.9} strokeLinecap="round">
      <path d="M4 4c5 0 5 8 8 8s3 8 8 8" />
      <path d="M4 12h3m10 0h3" opacity={0.55} />
      <path d="M4 20c5 0 5-8 8-8s3-8 8-8" />
    </svg>
  )
}
