/** What an updatable view does not carry, said of the bridges that a plan opens. */
import type { Relation } from '../../inspect/catalog.ts'
import type { PlanContext } from '../draft.ts'
import type { RelationRenames } from './renames.ts'
import { columnsThatComeLate } from './window-columns.ts'

/** Statement forms that fail on a view; coarse, for they are looked for in the bodies of functions. */
const formsThatFail: readonly [RegExp, string][] = [
  [/\bon\s+conflict\s+on\s+constraint\b/i, 'ON CONFLICT ON CONSTRAINT'],
  [/\btruncate\b/i, 'TRUNCATE'],
  [/\bcopy\b/i, 'COPY'],
  [/\bmerge\s+into\b/i, 'MERGE'],
  [/\b(ctid|xmin|tableoid)\b/i, 'ctid, xmin or tableoid'],
  [/\bwhere\s+current\s+of\b/i, 'WHERE CURRENT OF'],
  [/\btablesample\b/i, 'TABLESAMPLE'],
]

/** Returns the sentences that a person should read before the bridge opens. */
export function bridgeWarnings(renames: RelationRenames, standsAside: boolean, context: PlanContext): string[] {
  const { live, name } = renames
  const merge = context.serverMajor < 17 ? ', MERGE' : ''
  const limits = `ON CONFLICT ON CONSTRAINT, COPY, TRUNCATE${merge}, ctid and GROUP BY the key alone`
  const warnings = standsAside
    ? [
        `in the window ${live.name} is a view: ${limits} do not work on it, both names of a column cannot be written in one statement, and a named prepared statement that returns * fails once (0A000) when the bridge opens and once when it closes`,
      ]
    : [`in the window ${name.name} is a view: ${limits} do not work under this name`]
  const late = columnsThatComeLate(renames, context)
  if (late.length > 0) {
    warnings.push(`${name.name} gets ${late.join(', ')} only in the contract phase`)
  }
  return [...warnings, ...(standsAside ? warningsOfRoutines(live, context) : [])]
}

function warningsOfRoutines(live: Relation, { catalog }: PlanContext): string[] {
  return catalog.functions.flatMap(({ name, definition }) => {
    const forms = formsThatFail.filter(([form]) => form.test(definition)).map(([, words]) => words)
    return forms.length > 0 && definition.includes(live.name)
      ? [`function ${name} may use ${forms.join(', ')} on ${live.name}, which fails while it is a view`]
      : []
  })
}
