import { strategyFileSchema } from '@freehold/contracts-catalog'
import { z } from 'zod'
import { platformStatusDocument, serviceStatusDocument, upDocument } from '../platform/documents/platform-documents.ts'
import {
  appliedDocument,
  auditDocument,
  auditVerificationDocument,
  configurationDocument,
  configurationHistoryDocument,
  deadLettersDocument,
  eventsDocument,
  initDocument,
  replayedDocument,
  serviceAddedDocument,
} from '../platform/documents/service-documents.ts'
import {
  baselineDocument,
  deployDocument,
  diffDocument,
  driftDocument,
  errorDocument,
  historyDocument,
  lintDocument,
  resolveDocument,
  statusDocument,
  undoDocument,
} from './outcomes.ts'
import { planOutcomeDocument } from './plan.ts'

const documents = {
  'applied.json': ['What freehold apply --json prints', appliedDocument],
  'audit.json': ['What freehold audit --json prints', auditDocument],
  'audit-verification.json': ['What freehold audit --verify --json prints', auditVerificationDocument],
  'baseline.json': ['What freehold migrate baseline --json prints', baselineDocument],
  'configuration.json': ['What freehold config get, set and rollback print with --json', configurationDocument],
  'configuration-history.json': ['What freehold config history --json prints', configurationHistoryDocument],
  'dead-letters.json': ['What freehold events dead-letters --json prints', deadLettersDocument],
  'deploy.json': ['What freehold migrate deploy --json and complete --json print', deployDocument],
  'diff.json': ['What freehold migrate diff --json prints', diffDocument],
  'drift.json': ['What freehold migrate drift --json prints', driftDocument],
  'error.json': ['What every command prints with --json where it did not end well', errorDocument],
  'events.json': ['What freehold events --json prints', eventsDocument],
  'history.json': ['What freehold migrate history --json prints', historyDocument],
  'init.json': ['What freehold init --json prints', initDocument],
  'lint.json': ['What freehold migrate lint --json prints', lintDocument],
  'plan.json': [
    'What freehold migrate plan --json prints, plan --out writes and deploy --plan reads',
    planOutcomeDocument,
  ],
  'platform-status.json': ['What freehold status --json prints', platformStatusDocument],
  'replayed.json': ['What freehold events replay --json prints', replayedDocument],
  'resolve.json': ['What freehold migrate resolve --json prints', resolveDocument],
  'service-added.json': ['What freehold service add --json prints', serviceAddedDocument],
  'service-status.json': ['What freehold migrate status --service --json prints on a platform', serviceStatusDocument],
  'status.json': ['What freehold migrate status --json prints', statusDocument],
  'undo.json': ['What freehold migrate undo --json prints', undoDocument],
  'up.json': ['What freehold up --json prints once the platform is up', upDocument],
} as const satisfies Record<string, readonly [string, z.ZodType]>

const toText = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`

/** Returns the JSON Schemas of everything that --json prints and of freehold.yaml, as text by file name. */
export function renderSchemas(): Map<string, string> {
  const printed = Object.entries(documents).map(([file, [title, document]]): [string, string] => [
    file,
    toText({ title, ...z.toJSONSchema(document, { reused: 'ref' }) }),
  ])
  return new Map([...printed, ['freehold-yaml.json', toText(strategyFileSchema())]])
}
