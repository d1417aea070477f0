// Writes envoy.binpb, the descriptors of Envoy's v3 API: `node server/compile/protos/build.ts`. Run it when the API's source changes;
// the result is committed, so that nothing of this is needed at run time.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../../node_modules/@grpc/grpc-js-xds/deps/', import.meta.url))
const BUF = fileURLToPath(new URL('../../../node_modules/.bin/buf', import.meta.url))
const OUT = fileURLToPath(new URL('envoy.binpb', import.meta.url))

/** Extensions that we never send, and that cost a quarter of the size. */
const LEFT_OUT = /envoy\/data\/|wasm|golang|envoy\/admin\/|dynamic_modules|opencensus\.proto|config\/trace\/v3\/trace\.proto|access_loggers\/open_telemetry|service\/(metrics|trace)\//

/**
 * Fields that the bundled copy lacks and Envoy 1.40 has. `ignore_empty` is named by Envoy's own files; the others are
 * the numbers in the descriptors inside Envoy 1.40's own binary (`CustomTag.value`, `HeaderMutation.remove_on_match`,
 * `WeightedCluster.use_hash_policy`, `RetryPolicy.refresh_cluster_on_retry`, `Generic.header_value_prefix`, and two of `LocalRateLimit`).
 */
const PATCHES: Record<string, [RegExp, string][]> = {
  'validate/validate.proto': [
    [/message StringRules \{/, '$& optional bool ignore_empty = 26;'],
    [/message BytesRules \{/, '$& optional bool ignore_empty = 14;'],
    [/message RepeatedRules \{/, '$& optional bool ignore_empty = 5;'],
    [/message MapRules \{/, '$& optional bool ignore_empty = 6;'],
    [/message (Float|Double|U?Int32|U?Int64|S(?:Int|Fixed)(?:32|64)|Fixed(?:32|64))Rules \{/g, '$& optional bool ignore_empty = 8;'],
  ],
  'envoy/type/tracing/v3/custom_tag.proto': [[/Metadata metadata = 5;/, '$& string value = 6;']],
  'envoy/config/common/mutation_rules/v3/mutation_rules.proto': [
    [/import "envoy\/type\/matcher\/v3\/regex.proto";/, '$& import "envoy/type/matcher/v3/string.proto";'],
    [/message HeaderMutation \{/, '$& message RemoveOnMatch { type.matcher.v3.StringMatcher key_matcher = 1; }'],
    [/HeaderValueOption append = 2;/, '$& RemoveOnMatch remove_on_match = 3;'],
  ],
  'envoy/config/route/v3/route_components.proto': [
    [/oneof random_value_specifier \{/, '$& google.protobuf.BoolValue use_hash_policy = 5;'],
    [/repeated HeaderMatcher retriable_request_headers = 10;/, '$& bool refresh_cluster_on_retry = 14;'],
  ],
  'envoy/extensions/http/injected_credentials/generic/v3/generic.proto': [[/string header = 2[^;]*;/, '$& string header_value_prefix = 3;']],
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto': [
    [/import "envoy\/extensions\/common\/ratelimit\/v3\/ratelimit.proto";/, '$& import "envoy/config/route/v3/route_components.proto";'],
    [/bool rate_limited_as_resource_exhausted = 15;/, '$& repeated config.route.v3.RateLimit rate_limits = 17; google.protobuf.UInt32Value max_dynamic_descriptors = 18;'],
  ],
}

/** Files that the bundled copy lacks, as far as they are used; names and numbers are those of the descriptors inside Envoy 1.40's own binary. */
const ADDED: Record<string, string> = {
  'envoy/extensions/router/cluster_specifiers/priority_group/v3/priority_group.proto': `
    syntax = "proto3";
    package envoy.extensions.router.cluster_specifiers.priority_group.v3;
    import "google/protobuf/wrappers.proto";
    message ClusterWeight { string cluster_name = 1; google.protobuf.UInt32Value weight = 2; }
    message PriorityGroup { string name = 1; repeated ClusterWeight clusters = 2; }
    message PriorityGroupClusterSpecifier { repeated PriorityGroup priority_groups = 1; }
  `,
}

const directory = mkdtempSync(join(tmpdir(), 'heddle-protos-'))
try {
  for (const tree of ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate']) cpSync(join(SOURCE, tree), directory, { recursive: true })
  writeFileSync(join(directory, 'buf.yaml'), 'version: v2\n')
  for (const [file, edits] of Object.entries(PATCHES)) patch(join(directory, file), edits)
  for (const [file, text] of Object.entries(ADDED)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), text)
  }
  const paths = [...v3Files(directory), 'xds', 'udpa', ...['status', 'error_details', 'code'].map((name) => `google/rpc/${name}.proto`)]
  execFileSync(BUF, ['build', '--exclude-source-info', '--as-file-descriptor-set', '-o', OUT, ...paths.flatMap((path) => ['--path', path])], { cwd: directory, stdio: 'inherit' })
} finally {
  rmSync(directory, { recursive: true })
}

function patch(path: string, edits: [RegExp, string][]) {
  const before = readFileSync(path, 'utf8')
  const after = edits.reduce((text, [pattern, replacement]) => {
    const wanted = text.replace(pattern, replacement)
    if (wanted === text) throw new Error(`${path} has no ${pattern}; the bundled API has changed`)
    return wanted
  }, before)
  writeFileSync(path, after)
}

function v3Files(root: string): string[] {
  return readdirSync(join(root, 'envoy'), { recursive: true, encoding: 'utf8' })
    .map((name) => `envoy/${name}`)
    .filter((path) => /\/v3\/[^/]*\.proto$/.test(path) && !LEFT_OUT.test(path))
    .sort()
}
