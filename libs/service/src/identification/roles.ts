import { type Access, baseProblems, type Caller, type Role, roles } from '@freehold/contracts-base'
import { Problem } from '../problem.ts'

/** Tells whether the caller has at least the role on the service, or on the whole platform; without `serviceId` on the latter. */
export function hasRole(caller: Caller, role: Role, serviceId?: string): boolean {
  const needed = roles.indexOf(role)
  return [serviceId, '*'].some(
    (scope) =>
      scope !== undefined && Object.hasOwn(caller.roles, scope) && roles.indexOf(caller.roles[scope] as Role) >= needed,
  )
}

/** Throws a Problem unless the caller may do what asks for such access. */
export function requireAccess(access: Access, caller: Caller | null, params: Record<string, string>): void {
  if (access === 'public') {
    return
  }
  if (caller === null) {
    throw new Problem(baseProblems.tokenInvalid, { detail: 'The request carries no token.' })
  }
  if (access === 'authenticated') {
    return
  }
  const serviceId = access.service === undefined ? undefined : params[access.service]
  // A parameter that reads * would ask for a role on a service of that name, and be given the platform's.
  if (!hasRole(caller, access.role, serviceId === '*' ? undefined : serviceId)) {
    const scope = serviceId === undefined ? 'on the platform' : `on ${JSON.stringify(serviceId.slice(0, 100))}`
    throw new Problem(baseProblems.roleMissing, {
      detail: `${caller.subject} needs the role ${access.role} ${scope}.`,
    })
  }
}
