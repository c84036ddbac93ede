/** Writes the JSON Schemas to the folder `schemas`: `node apps/cli/src/documents/write-schemas.ts`. */
import { writeFile } from 'node:fs/promises'
import { renderSchemas } from './schemas.ts'

for (const [file, text] of renderSchemas()) {
  await writeFile(new URL(`../../schemas/${file}`, import.meta.url), text)
}
