// node tools/contracts/main.ts            writes the documents of the contract libraries
// node tools/contracts/main.ts --check    fails if one differs from its schemas, or breaks what git has of the same version

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { findBroken, findStale, renderFiles, root } from './check-files.ts'

if (!process.argv.includes('--check')) {
  for (const file of renderFiles()) {
    writeFileSync(path.join(root, file.path), file.text)
  }
}
const faults = [...findStale(), ...findBroken()]
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exitCode = 1
}
