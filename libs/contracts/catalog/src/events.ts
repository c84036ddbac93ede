import { defineEvent } from '@freehold/contracts-base'
import { z } from 'zod'
import { Configuration } from './schemas/configuration.ts'
import { ApiKey } from './schemas/identity.ts'
import { Instance } from './schemas/instance.ts'
import { Release } from './schemas/release.ts'
import { Service, StrategyVersion } from './schemas/service.ts'

/** Every event of the catalog. The key of a record is the service's id, of keys the key's id. */
export const catalogEvents = {
  serviceRegistered: defineEvent({
    type: 'freehold.catalog.service.registered.v1',
    topic: 'freehold.catalog.service.v1',
    summary: 'A service became known.',
    data: Service,
  }),
  strategyChanged: defineEvent({
    type: 'freehold.catalog.strategy.changed.v1',
    topic: 'freehold.catalog.strategy.v1',
    summary: 'A service has a new version of its strategies.',
    data: StrategyVersion,
  }),
  configurationChanged: defineEvent({
    type: 'freehold.catalog.configuration.changed.v1',
    topic: 'freehold.catalog.configuration.v1',
    summary: 'A service has a new version of its configuration. Secrets are not in it: the service reads them.',
    data: Configuration,
  }),
  releaseRegistered: defineEvent({
    type: 'freehold.catalog.release.registered.v1',
    topic: 'freehold.catalog.release.v1',
    summary: 'A service has a new release.',
    data: Release,
  }),
  instanceRegistered: defineEvent({
    type: 'freehold.catalog.instance.registered.v1',
    topic: 'freehold.catalog.instance.v1',
    summary: 'An instance runs, or runs another version than before.',
    data: Instance,
  }),
  instanceRemoved: defineEvent({
    type: 'freehold.catalog.instance.removed.v1',
    topic: 'freehold.catalog.instance.v1',
    summary: 'An instance said that it ended.',
    data: Instance,
  }),
  instanceExpired: defineEvent({
    type: 'freehold.catalog.instance.expired.v1',
    topic: 'freehold.catalog.instance.v1',
    summary: 'An instance has not been heard of for as long as it said.',
    data: Instance,
  }),
  keyCreated: defineEvent({
    type: 'freehold.catalog.api-key.created.v1',
    topic: 'freehold.catalog.api-key.v1',
    summary: 'A key was made.',
    data: ApiKey,
  }),
  keyRevoked: defineEvent({
    type: 'freehold.catalog.api-key.revoked.v1',
    topic: 'freehold.catalog.api-key.v1',
    summary: 'A key opens nothing any more.',
    data: ApiKey,
  }),
  signingKeyRotated: defineEvent({
    type: 'freehold.catalog.signing-key.rotated.v1',
    topic: 'freehold.catalog.signing-key.v1',
    summary: 'Tokens are signed with a new key.',
    data: z.object({ kid: z.string(), publishedAt: z.iso.datetime(), signsFrom: z.iso.datetime() }),
  }),
}
