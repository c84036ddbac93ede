/** `node apps/migrations/test/service/fleet-soak.ts --databases 200 --kills 10`: prints figures, and fails on any fault. */

import { parseArgs } from 'node:util'
import { runFleet } from './fleet.ts'

const { values } = parseArgs({
  options: {
    databases: { type: 'string', default: '200' },
    kills: { type: 'string', default: '10' },
    parallel: { type: 'string', default: '8' },
  },
})

let shown = -1
const figures = await runFleet({
  databases: Number(values.databases),
  kills: Number(values.kills),
  parallelMax: Number(values.parallel),
  onProgress(done) {
    if (done >= shown + 20) {
      shown = done
      console.error(`${done} databases are migrated`)
    }
  },
})
console.log(JSON.stringify(figures, null, 2))
process.exitCode = figures.fleetState === 'completed' && figures.faults.length === 0 ? 0 : 1
