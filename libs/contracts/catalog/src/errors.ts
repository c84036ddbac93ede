import type { ProblemDefinition } from '@freehold/contracts-base'

/** Problems of the catalog. */
export const catalogErrors = {
  serviceNotFound: {
    code: 'FHD_CATALOG_SERVICE_NOT_FOUND',
    status: 404,
    title: 'There is no such service.',
    hint: 'GET /v1/services lists them; freehold service add makes one known',
  },
  serviceExists: {
    code: 'FHD_CATALOG_SERVICE_EXISTS',
    status: 409,
    title: 'A service of this name is there already.',
    hint: 'apply its freehold.yaml with freehold apply, or choose another name',
  },
  strategyInvalid: {
    code: 'FHD_CATALOG_STRATEGY_INVALID',
    status: 422,
    title: 'The freehold.yaml is not valid.',
    hint: 'errors names line and column of each fault; docs/reference/freehold-yaml.md has every key',
  },
  strategyOfAnother: {
    code: 'FHD_CATALOG_STRATEGY_OF_ANOTHER',
    status: 422,
    title: 'The freehold.yaml names another service.',
    hint: 'apply it to the service that it names, or change name in it',
  },
  versionNotFound: {
    code: 'FHD_CATALOG_VERSION_NOT_FOUND',
    status: 404,
    title: 'There is no such version.',
    hint: 'the list of versions has those that are there',
  },
  versionStale: {
    code: 'FHD_CATALOG_VERSION_STALE',
    status: 409,
    title: 'Somebody else has made a change meanwhile.',
    hint: 'read the current version, and make the change again on top of it',
  },
  configurationInvalid: {
    code: 'FHD_CATALOG_CONFIGURATION_INVALID',
    status: 422,
    title: 'The values do not fit the schema of the configuration.',
    hint: 'errors names each setting and what is wrong with it; the schema is in config.schema of freehold.yaml',
  },
  valuesForeign: {
    code: 'FHD_CATALOG_VALUES_FOREIGN',
    status: 403,
    title: 'Values with secrets are given to the service itself only.',
    hint: 'call with a token of a key of kind service; people see the configuration without its secrets',
  },
  releaseNotFound: {
    code: 'FHD_CATALOG_RELEASE_NOT_FOUND',
    status: 404,
    title: 'There is no such release.',
    hint: 'list the service’s releases',
  },
  releaseExists: {
    code: 'FHD_CATALOG_RELEASE_EXISTS',
    status: 409,
    title: 'Another release has this version.',
    hint: 'a release never changes: register this one under a new version',
  },
  contractNotFound: {
    code: 'FHD_CATALOG_CONTRACT_NOT_FOUND',
    status: 404,
    title: 'The release has no such contract.',
    hint: 'the release lists its contracts',
  },
  contractInvalid: {
    code: 'FHD_CATALOG_CONTRACT_INVALID',
    status: 422,
    title: 'A contract cannot be read.',
    hint: 'give OpenAPI 3.0 or 3.1, or a JSON Schema, each contract once',
  },
  contractBreaking: {
    code: 'FHD_CATALOG_CONTRACT_BREAKING',
    status: 409,
    title: 'The release breaks those who keep to the contract of an earlier one.',
    hint: 'make the change compatible; a breaking one needs a new major version, for events a new type',
  },
  migrationChanged: {
    code: 'FHD_CATALOG_MIGRATION_CHANGED',
    status: 409,
    title: 'A migration is not the one that an earlier release has under this name.',
    hint: 'put the migration back as it was, and make the change in a new one',
  },
  instanceNotFound: {
    code: 'FHD_CATALOG_INSTANCE_NOT_FOUND',
    status: 404,
    title: 'There is no such instance.',
    hint: 'it may have expired: an instance reports itself before its lifetime is over',
  },
  keyNotFound: {
    code: 'FHD_CATALOG_KEY_NOT_FOUND',
    status: 404,
    title: 'There is no such key.',
    hint: 'GET /v1/api-keys lists those that you may see',
  },
  grantTooWide: {
    code: 'FHD_CATALOG_GRANT_TOO_WIDE',
    status: 403,
    title: 'Only an owner gives roles away, and nobody a higher one than their own.',
    hint: 'ask an owner of the service that detail names, or of the platform',
  },
  keyLastsTooLong: {
    code: 'FHD_CATALOG_KEY_LASTS_TOO_LONG',
    status: 422,
    title: 'A key ends within 400 days; within 90 if its maker signed in with an ID token.',
    hint: 'ask for an earlier expiresAt, or leave it out',
  },
  keysTooMany: {
    code: 'FHD_CATALOG_KEYS_TOO_MANY',
    status: 409,
    title: 'The subject has as many keys as it may.',
    hint: 'revoke those that nobody uses any more; GET /v1/api-keys lists them',
  },
  keyAboveCaller: {
    code: 'FHD_CATALOG_KEY_ABOVE_CALLER',
    status: 403,
    title: 'The key opens more than the caller may.',
    hint: 'ask somebody who has the role that detail names',
  },
  signInNotOffered: {
    code: 'FHD_CATALOG_SIGN_IN_NOT_OFFERED',
    status: 404,
    title: 'Nobody’s ID tokens are accepted here.',
    hint: 'set OIDC_ISSUER and OIDC_AUDIENCE, or sign in with an API key',
  },
  idTokenInvalid: {
    code: 'FHD_CATALOG_ID_TOKEN_INVALID',
    status: 401,
    title: 'The ID token is not valid.',
    hint: 'sign in again with the issuer that this platform trusts',
  },
  issuerUnreachable: {
    code: 'FHD_CATALOG_ISSUER_UNREACHABLE',
    status: 503,
    title: 'The issuer of ID tokens does not answer.',
    hint: 'try again when it does; API keys go on working',
  },
} as const satisfies Record<string, ProblemDefinition>
