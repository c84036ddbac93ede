import { baseProblems } from '@freehold/contracts-base'
import { catalogErrors, catalogRoutes as routes } from '@freehold/contracts-catalog'
import { Problem, type Serve } from '@freehold/service'
import { audienceOf, createApiKey, findHolder, revokeApiKey } from '../domain/identity/api-keys.ts'
import type { SignIn } from '../domain/identity/sign-in.ts'
import type { KeyRing } from '../domain/identity/signing-keys.ts'
import { listApiKeys } from '../store/api-keys.ts'
import { createAuditVerifier, listAuditEntries, recordAudit } from '../store/audit.ts'
import type { Store } from '../store/schema.ts'
import { getService } from '../store/services.ts'

export interface AccessDependencies {
  store: Store
  ring: KeyRing
  /** Absent where no issuer is configured. */
  signIn: SignIn | undefined
}

/** Answers for keys, tokens and the audit log. */
export function serveAccess(serve: Serve, { store, ring, signIn }: AccessDependencies): void {
  const verifyAuditLog = createAuditVerifier(store)
  const keyInvalid = routes.issueToken.problems[0]
  serve(routes.listKeys, async () => {
    const keys = await ring.read()
    if (keys === undefined) {
      throw new Problem(baseProblems.keysUnavailable, { retryAfterMs: 1000 })
    }
    return { keys }
  })
  serve(routes.issueToken, async ({ body }) => {
    const holder = await findHolder(store, body.apiKey)
    if (holder === undefined) {
      throw new Problem(keyInvalid)
    }
    return await issue(ring, holder)
  })
  serve(routes.signIn, async ({ body }) => {
    if (signIn === undefined) {
      throw new Problem(catalogErrors.signInNotOffered)
    }
    const person = await signIn(body.idToken)
    const issued = await issue(ring, person)
    await recordAudit(store, {
      actor: person.subject,
      action: 'person.signed-in',
      subject: person.subject,
      after: { roles: person.roles },
    })
    return { ...issued, subject: person.subject }
  })
  serve(routes.listApiKeys, async ({ identity, query }) => listApiKeys(store, audienceOf(identity), query))
  serve(routes.createApiKey, async ({ identity, body }) => createApiKey(store, identity, body))
  serve(routes.revokeApiKey, async ({ identity, params }) => revokeApiKey(store, identity, params.keyId))
  serve(routes.listAuditEntries, async ({ query }) => listAuditEntries(store, query, query))
  serve(routes.listServiceAuditEntries, async ({ params, query }) => {
    const { id } = await getService(store, params.serviceId)
    return listAuditEntries(store, { serviceId: id }, query)
  })
  serve(routes.verifyAuditLog, verifyAuditLog)
}

async function issue(ring: KeyRing, caller: Parameters<KeyRing['sign']>[0]) {
  if ((await ring.read()) === undefined) {
    throw new Problem(baseProblems.keysUnavailable, { retryAfterMs: 1000 })
  }
  return await ring.sign(caller)
}
