import { catalogConfig } from '@freehold/catalog/config'
import { type Access, type EventDefinition, type ProblemDefinition, type Route, roles } from '@freehold/contracts-base'
import { catalogErrors, catalogEvents, catalogRoutes } from '@freehold/contracts-catalog'
import { baseConfig } from '@freehold/service'

const prose = `# The catalog

What services there are, and everything that is said of them: their strategies, configuration, releases, contracts and
instances; who may do what; and who did. This page is made from the contract by \`node tools/contracts/main.ts\`.

- **Strategies** are the text of a service's [freehold.yaml](freehold-yaml.md). Each change is a version; a rollback is a
  new version with the text of an old one. A version whose section \`migrate\` differs from the one in force takes an
  owner of the service, for it holds the approvals and limits of migrations; an operator, which a service's own key is,
  may change the rest.
- **Configuration** is typed by \`config.schema\` of that file. Of each setting counts what was set, else the file's value,
  else the default. Each change is a version and an event, so that running instances learn of it at once; who
  hears no events follows \`GET …/configuration/changes\` ([below](#following-a-configuration)). Secrets are
  sealed with AES-256-GCM under \`CONFIG_KEY\`, named by an id in answers and events, and read by the service itself only
  (\`POST …/configuration/readings\`, with a key of kind \`service\`); each reading is in the audit log.
- **Releases** never change: the same one again is answered with 200, another one under the same version is refused, and
  so is a migration whose checksum differs from the one that an earlier release has. The contracts of a release are
  compared with those of the highest release below it. What breaks callers of the API needs a new major version (below
  1.0.0 a new minor one); what breaks handlers of an event needs a new type, unless \`events.compatibility\` says otherwise.
- **Contracts** are compared by what one side may send and the other refuses: requests of the earlier contract against
  the new one, responses and events the other way round. A keyword that is not understood has to stay as it is. Findings
  that fail somebody who keeps to the contract are \`breaking\`; those that fail only who relies on more are \`risky\`.
- **Identity**: an API key is exchanged for a token (EdDSA, at most ten minutes) that every service checks by the keys at
  \`/.well-known/jwks.json\`. A key is shown once and kept as its SHA-256. People may also sign in with an ID token of the
  issuer that \`OIDC_ISSUER\` names. Subjects of people begin with \`person:\`; that of a service is its name. Whom the
  issuer vouches for is \`person:<host of the issuer>/<name>\`, so that nobody there is taken for the holder of a key; keys
  that they make end after at most 90 days, all others after at most 400. Everybody makes keys for themselves (kind
  \`self\`), which open no more than they may themselves; a subject has at most 20 that open something. A key
  is revoked by who sees it and has every role that it has.
- **The audit log** is only ever added to: the service's role may insert and read, and nothing else. Position, time and
  hashes are given by the database; each entry's hash covers the one before it, so that a change or a gap shows in
  \`GET /v1/audit-verification\`, even one made by the database's owner. Keep its \`head\` elsewhere to prove the past.
`

const kept = `
## What is kept

| What | How long |
|---|---|
| The audit log | always: nobody can take anything out of it, the service's role included |
| Releases with their contracts, and the checksums of migrations | always: later ones are compared with them |
| Versions of strategies and of configurations | the latest 1,000 of each service, with the secrets that are in them |
| API keys that were revoked or have expired | 90 days after that; the one of \`BOOTSTRAP_API_KEY\` always |
| Instances | until they end, or are not heard of for as long as they said |
| Signing keys | an hour longer than they sign |
`

const following = `
## Following a configuration

\`\`\`
curl -N -H "Authorization: Bearer $TOKEN" "$CATALOG_URL/v1/services/orders/configuration/changes?after=7"

id: 8
data: {"serviceId":"orders","version":8,"settings":{"pageSize":{"origin":"set","value":50, …}}, …}
\`\`\`

Each event holds the whole configuration, without the values of secrets: one whose \`secretId\` has changed is read anew
(\`POST …/configuration/readings\`). First comes what holds now, unless \`after\` names its version; then each change, within
a quarter of a second; of several in quick succession the last. The stream ends with the token that opened it, and when the
service drains, without the event \`end\`. Ask again with a new token and the last version as \`after\`, or as the header
\`Last-Event-ID\`, which an \`EventSource\` sends by itself: nothing is missed. In TypeScript \`createCatalogClient(…)
.followConfiguration\` is the same as an iteration.
`

/** Returns docs/reference/catalog.md. */
export function renderCatalogPage(): string {
  return [
    prose,
    '## Routes\n',
    ...table(['Route', 'Who', 'What'], Object.values<Route>(catalogRoutes).map(toRouteRow)),
    following,
    kept,
    '## Events\n',
    ...table(
      ['Type', 'When'],
      Object.values<EventDefinition>(catalogEvents).map(({ type, summary }) => [`\`${type}\``, summary ?? '']),
    ),
    '\n## Problems\n',
    ...table(
      ['Code', 'Status', 'What happened', 'What to do'],
      Object.values<ProblemDefinition>(catalogErrors).map(({ code, status, title, hint }) => [
        `\`${code}\``,
        String(status),
        title,
        hint,
      ]),
    ),
    '\n## Settings\n',
    'Beside those that every service has:\n',
    ...table(['Setting', 'What'], settingRows()),
    '',
  ].join('\n')
}

function toRouteRow({ method, path, access, summary }: Route): string[] {
  return [`\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``, describeAccess(access), summary]
}

function describeAccess(access: Access): string {
  if (typeof access === 'string') {
    return access === 'public' ? 'anybody' : 'any token'
  }
  const weakest = roles.indexOf(access.role) === 0 ? access.role : `${access.role} or more`
  return access.service === undefined ? `${weakest} on the platform` : `${weakest} on the service`
}

function settingRows(): string[][] {
  return Object.entries(catalogConfig.shape)
    .filter(([name]) => !Object.hasOwn(baseConfig.shape, name))
    .map(([name, schema]) => [`\`${name}\``, schema.description ?? ''])
}

function table(heads: string[], rows: string[][]): string[] {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)]
}
