/** Freehold's own services that the platform runs, in the order in which they start: the catalog signs what others check. */
export const ownServices = ['catalog', 'migrations'] as const
export type OwnService = (typeof ownServices)[number]

/** What answers with HTTP, in the order of ports: first what tells how the platform is. */
export const listeners = ['platform', ...ownServices] as const

/** Owner of the events log, which has rights nowhere else. */
export const eventsOwner = 'events_owner'
/** Reads how far the events are, for `freehold status` and `freehold events`. */
export const operatorRole = 'platform'

/** Returns the role that owns the service's schema and may change it. */
export const migratorOf = (service: OwnService): string => `${service}_migrator`

/** Every role of the embedded Postgres but its superuser. */
export const ownRoles: string[] = [
  ...ownServices.flatMap((service) => [migratorOf(service), service]),
  eventsOwner,
  operatorRole,
]
