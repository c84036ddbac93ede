import type { EventDefinition } from './event.ts'
import { gatherSchemas, type JsonSchema } from './json-schema.ts'

/** Returns one JSON Schema document of a context's events: `$defs` holds the data of each under its type. */
export function toEventSchemas(events: Record<string, EventDefinition>, title: string): JsonSchema {
  const schemas = gatherSchemas('#/$defs/')
  const byType = Object.values(events)
    .map(({ type, topic, summary, data }) => ({ type, topic, summary, schema: schemas.add(data, 'output') }))
    .sort((a, b) => (a.type < b.type ? -1 : 1))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    oneOf: byType.map(({ type }) => ({ $ref: `#/$defs/${type}` })),
    $defs: {
      ...Object.fromEntries(
        byType.map(({ type, topic, summary, schema }) => [
          type,
          { ...schema, ...(summary === undefined ? {} : { description: summary }), 'x-topic': topic },
        ]),
      ),
      ...schemas.all(),
    },
  }
}
