/** Every command: its file is `server/cli/NAME.ts`, loaded only when it is asked for. docs/cli.md documents each. */
export const COMMANDS = {
  start: 'start Heddle on this machine and stay with it',
  stop: 'stop the Heddle of this home',
  status: 'list its processes',
  logs: 'show what its processes said',
  'sign-in': 'print a one-time link that signs you in',
  reset: 'stop, then delete everything this home holds',
  web: 'run a web process: console, REST API, live updates',
  control: 'run a control process: xDS, enrolment, identities',
  collector: 'run a collector: OTLP in',
  sidecar: 'run the sidecar of an agent, with its Envoy',
  gateway: 'take calls from outside the mesh, with TLS and host names',
  sample: 'run, pause or remove the sample fleet',
  get: 'show objects',
  apply: 'create or change objects from a file',
  diff: 'show what apply would change',
  delete: 'delete objects',
  analyze: 'say what is wrong or risky in the configuration as it is',
  explain: 'say where a call would go, and why',
  reach: 'say who can reach an agent, and what it can reach',
  policy: 'propose the least policy from observed calls, and try one before it is enforced',
  egress: 'hosts outside the mesh: list, allow and block them',
  revert: 'make a new revision that undoes one',
  split: 'show or set the weights of a route',
  proxies: 'show proxies and what each has accepted',
  agents: 'find agents, read and refresh their cards, block strangers',
  redaction: 'what is taken out of telemetry before it is stored',
  scrape: 'proxies of other meshes whose Prometheus metrics are read into the graph',
  alerts: 'alerts of objectives, and who is not told of them',
  probes: 'show what probes found, and when it changed',
  semantic: 'try tasks against a route, and judge how well it chooses',
  rotate: 'rotate the issuing certificate, step by step',
  token: 'make, list and revoke API and join tokens',
  backup: 'write configuration and identity to one file',
  restore: 'read such a file into an empty store',
  doctor: 'check this machine and this Heddle, and say what is wrong',
} as const satisfies Record<string, string>

export type CommandName = keyof typeof COMMANDS

export function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}
