// Node 24 runs TypeScript by stripping types; an older one brings it from the npm registry (docs/decisions/0003-node-and-launcher.md).
export const NODE_MAJOR = 24
export const NODE_VERSION = '24.21.0'
