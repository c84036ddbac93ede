import { z } from 'zod'
import { platformStatusDocument, upDocument } from '../platform/documents/platform-documents.ts'
import {
  baselineDocument,
  deployDocument,
  driftDocument,
  errorDocument,
  historyDocument,
  resolveDocument,
  statusDocument,
  undoDocument,
} from './outcomes.ts'
import { planOutcomeDocument } from './plan.ts'

const documents = {
  'baseline.json': ['What freehold migrate baseline --json prints', baselineDocument],
  'deploy.json': ['What freehold migrate deploy --json and complete --json print', deployDocument],
  'drift.json': ['What freehold migrate drift --json prints', driftDocument],
  'error.json': ['What every command prints with --json where it did not end well', errorDocument],
  'history.json': ['What freehold migrate history --json prints', historyDocument],
  'plan.json': [
    'What freehold migrate plan --json prints, plan --out writes and deploy --plan reads',
    planOutcomeDocument,
  ],
  'platform-status.json': ['What freehold status --json prints', platformStatusDocument],
  'resolve.json': ['What freehold migrate resolve --json prints', resolveDocument],
  'status.json': ['What freehold migrate status --json prints', statusDocument],
  'undo.json': ['What freehold migrate undo --json prints', undoDocument],
  'up.json': ['What freehold up --json prints once the platform is up', upDocument],
} as const satisfies Record<string, readonly [string, z.ZodType]>

/** Returns the JSON Schemas of everything that --json prints, as text by file name. */
export function renderSchemas(): Map<string, string> {
  return new Map(
    Object.entries(documents).map(([file, [title, document]]) => {
      const schema = { title, ...z.toJSONSchema(document, { reused: 'ref' }) }
      return [file, `${JSON.stringify(schema, null, 2)}\n`]
    }),
  )
}
