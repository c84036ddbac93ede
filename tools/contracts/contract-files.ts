// The documents that each contract library commits beside its zod schemas: what clients in other languages, editors and
// reviewers read. They are made from the schemas and from nothing else.

import { type EventDefinition, type Route, toEventSchemas, toOpenApi } from '@freehold/contracts-base'
import { catalogEvents, catalogRoutes, strategyFileSchema } from '@freehold/contracts-catalog'
import { migrationsEvents, migrationsRoutes } from '@freehold/contracts-migrations'

/** A file that is generated and committed. */
export interface ContractFile {
  /** From the root of the repository. */
  path: string
  kind: 'openapi' | 'events' | 'schema'
  document: Record<string, unknown>
}

interface ContractLibrary {
  name: string
  title: string
  routes: Record<string, Route>
  events: Record<string, EventDefinition>
}

const libraries: ContractLibrary[] = [
  { name: 'catalog', title: 'Freehold catalog', routes: catalogRoutes, events: catalogEvents },
  { name: 'migrations', title: 'Freehold migrations', routes: migrationsRoutes, events: migrationsEvents },
]

/** Returns every file as the schemas give it, for the version that the contract libraries have. */
export function makeContractFiles(version: string): ContractFile[] {
  const files = libraries.flatMap(({ name, title, routes, events }): ContractFile[] => [
    {
      path: `libs/contracts/${name}/openapi.json`,
      kind: 'openapi',
      document: { ...toOpenApi(routes, { title, version }) },
    },
    {
      path: `libs/contracts/${name}/events.schema.json`,
      kind: 'events',
      document: toEventSchemas(events, `Events of ${title}`),
    },
  ])
  const schema = { path: 'libs/contracts/catalog/freehold.schema.json', kind: 'schema' as const }
  return [...files, { ...schema, document: strategyFileSchema() }]
}
