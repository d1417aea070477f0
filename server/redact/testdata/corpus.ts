// Made-up secrets in the shapes of real ones, put together here so that no scanner of this repository takes them for real.
const hex = (length: number) => '0123456789abcdef'.repeat(8).slice(0, length)
const mixed = (length: number) => 'aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz'.repeat(8).slice(0, length)
const upper = (length: number) => 'A2B3C4D5E6F7G8H9'.repeat(4).slice(0, length)
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const pem = (kind: string) => `-----BEGIN ${kind}-----\n${mixed(64)}\n${mixed(64)}\n-----END ${kind}-----`

/** What it is, the secret itself, its mark, and the text that it stands in where it needs one. */
export const SECRETS: readonly (readonly [name: string, secret: string, mark: string, text?: string])[] = [
  ...['sk-', 'sk-proj-', 'sk-ant-api03-', 'sk-or-v1-', 'sk_live_', 'rk_live_', 'sk_test_', 'whsec_', 'AIza', 'GOCSPX-', 'ghp_', 'gho_', 'ghs_', 'github_pat_', 'glpat-', 'xoxb-', 'xoxp-', 'xapp-', 'hf_', 'npm_', 'shpat_', 'gsk_', 'r8_', 'xai-', 'pplx-', 'lin_api_', 'sbp_', 'NRAK-', 'hvs.', 'tvly-', 'hdl_', 'hdl_tel_', 'hdl_join_', 'dckr_pat_', 'ya29.'].map((prefix) => [`${prefix} key`, prefix + mixed(48), 'api key'] as const),
  ['key of SendGrid', `SG.${mixed(22)}.${mixed(43)}`, 'api key'],
  ['key of PyPI', `pypi-${mixed(60)}`, 'api key'],
  ['key of Databricks', `dapi${hex(32)}`, 'api key'],
  ['key of DigitalOcean', `dop_v1_${hex(64)}`, 'api key'],
  ['key id of AWS', `AKIA${upper(16)}`, 'api key'],
  ['temporary key id of AWS', `ASIA${upper(16)}`, 'api key'],
  ['secret key of AWS', mixed(40), 'credential', `aws_secret_access_key = ${mixed(40)}`],
  ['bearer token', `${mixed(10)}.${mixed(10)}`, 'token', `Authorization: Bearer ${mixed(10)}.${mixed(10)}`],
  ['bearer token of letters', 'abcdefghijklmnopqrstuvwxyz', 'token', 'bearer abcdefghijklmnopqrstuvwxyz'],
  ['basic credentials', Buffer.from('anna:hunter2').toString('base64'), 'token', `Basic ${Buffer.from('anna:hunter2').toString('base64')}`],
  ['JWT', `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: '1234', name: 'Anna' })}.${mixed(86)}`, 'token'],
  ['JWT with keys first', `${part({ kid: hex(300), alg: 'ES256' })}.${part({ iss: 'x' })}.${mixed(86)}`, 'token'],
  ...['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'].map((kind) => [kind, pem(kind), 'private key'] as const),
  ['private key in JSON', pem('PRIVATE KEY').replaceAll('\n', '\\n'), 'private key'],
  ['private key that was cut off', `${mixed(64)}\n${mixed(20)}`, 'private key', `-----BEGIN PRIVATE KEY-----\n${mixed(64)}\n${mixed(20)}`],
  ['password in a URL', 'hunter2!', 'credential', 'postgres://anna:hunter2!@db.example/app'],
  ['token in a URL', mixed(24), 'credential', `https://${mixed(24)}@git.example/x`],
  ['password in a query', 'hunter2', 'credential', 'https://x.example/?user=anna&password=hunter2&x=1'],
  ['token in a query', mixed(24), 'credential', `https://x.example/?token=${mixed(24)}&x=1`],
  ['password in JSON', 'correct-horse', 'credential', '{"user": "anna", "password": "correct-horse"}'],
  ['password in JSON in JSON', 'correct-horse', 'credential', '{\\"password\\": \\"correct-horse\\"}'],
  ['secret in YAML', 'hunter2hunter2', 'credential', 'client_secret: hunter2hunter2'],
  ['secret of the environment', 'hunter2', 'credential', 'export DB_PASSWORD=hunter2'],
  ['key of the environment', 'correcthorse', 'credential', 'MY_API_KEY=correcthorse'],
  ['key in a header', mixed(12), 'credential', `x-api-key: ${mixed(12)}`],
  ['refresh token', mixed(30), 'credential', `"refresh_token":"${mixed(30)}"`],
  ['key of Azure', `${mixed(86)}==`, 'credential', `AccountName=x;AccountKey=${mixed(86)}==;EndpointSuffix=core.windows.net`],
  ['cookie', `sid=${mixed(20)}`, 'credential', `Cookie: sid=${mixed(20)}`],
  ['e-mail address', 'anna.schmidt+news@mail.example.org', 'email'],
  ['e-mail address in a URL', 'anna%40mail.example.org', 'email', 'https://x.example/users/anna%40mail.example.org/'],
  ['card number', '4111 1111 1111 1111', 'card number'],
  ['card number without spaces', '5555555555554444', 'card number'],
  ['card number of 15 digits', '3782-822463-10005', 'card number'],
  ['card number behind a number', '4012888888881881', 'card number', 'order 123456 4012888888881881'],
  ['IBAN', 'DE89370400440532013000', 'iban'],
  ['IBAN in groups', 'GB82 WEST 1234 5698 7654 32', 'iban'],
  ['short IBAN', 'NO9386011117947', 'iban'],
]

export const HARMLESS: readonly string[] = [
  'sk-learn-pipeline-for-the-classification-of-texts', 'task-12345678-90ab-cdef-1234-567890abcdef', 'the secret: patience and time', 'password: required', 'bearer authentication is used', '"token_count": 1234', 'max_tokens=100',
  '{"password": null}', 'password=[redacted]', 'https://x.example/a:b/c@d', 'postgres://app@db/x', 'http://10.0.0.1:8080/path', 'user@localhost', '4111 1111 1111 1112', '1732348800123456789', 'order 1234567890123', 'DE89370400440532013001',
  'AKIA is how key ids begin', 'spiffe://mesh.local/ns/default/agent/writer', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'eyJ is how they begin', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'next_page_token=abcdefgh1234', 'Basic research in 2024', 'gpt-4o-mini-2024-07-18', 'the cookie is baked', 'grüße@ von hier',
]
