/** Writes the page of the rules: `node apps/migrations/src/engine/lint/write-reference.ts`. */
import { writeFile } from 'node:fs/promises'
import { renderReference } from './render-reference.ts'

await writeFile(new URL('../../../../../docs/reference/lint.md', import.meta.url), renderReference())
