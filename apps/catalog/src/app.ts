import { catalogRoutes } from '@freehold/contracts-catalog'
import { createApp, createTokenVerifier, type ServiceIdentity } from '@freehold/service'
import { sql } from 'kysely'
import type { CatalogConfig } from './config.ts'
import { createSignIn } from './domain/identity/sign-in.ts'
import type { KeyRing } from './domain/identity/signing-keys.ts'
import { serveAccess } from './routes/access.ts'
import { serveConfiguration } from './routes/configuration.ts'
import { serveReleases } from './routes/releases.ts'
import { serveServices } from './routes/services.ts'
import type { Store } from './store/schema.ts'

export interface AppDependencies {
  identity: ServiceIdentity
  config: CatalogConfig
  store: Store
  ring: KeyRing
  logger?: Parameters<typeof createApp>[0]['logger']
  onClose?(): Promise<void>
}

/** Returns the catalog's app; it connects to nothing before it is asked. */
export async function buildApp({ identity, config, store, ring, logger, onClose }: AppDependencies) {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = config
  const signIn =
    issuer === undefined || audience === undefined
      ? undefined
      : createSignIn({
          issuer,
          audience,
          subjectClaim: config.OIDC_SUBJECT_CLAIM,
          groupsClaim: config.OIDC_GROUPS_CLAIM,
          groupRoles: config.OIDC_GROUP_ROLES,
        })
  return await createApp({
    identity,
    config,
    contract: catalogRoutes,
    verifier: createTokenVerifier(ring),
    routes: (serve) => {
      serveServices(serve, store)
      serveConfiguration(serve, store, config.CONFIG_KEY)
      serveReleases(serve, store)
      serveAccess(serve, { store, ring, signIn })
    },
    ready: [
      { name: 'database', check: () => askDatabase(store) },
      {
        name: 'signing keys',
        check: async () => ((await ring.read()) === undefined ? 'no key has been read yet' : undefined),
      },
    ],
    ...(onClose === undefined ? {} : { onClose }),
    ...(logger === undefined ? {} : { logger }),
  })
}

/** Returns why the service cannot use its tables; undefined when it can. */
async function askDatabase(store: Store): Promise<string | undefined> {
  await sql`SELECT FROM catalog.services LIMIT 0`.execute(store)
  return undefined
}
