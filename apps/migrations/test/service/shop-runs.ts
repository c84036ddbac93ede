/** What tests of runs do again and again: a database that is registered, and waiting for a state. */

import { ContractProblem } from '@freehold/contracts-base'
import type { MigrationFile, Run } from '@freehold/contracts-migrations'
import { expect } from 'vitest'
import { addState, type Platform, waitFor } from './platform.ts'
import type { Service } from './service.ts'

export const serviceId = 'shop'

/** Returns how to set databases of the shop up and to wait for their runs. */
export function createBench(platform: Platform, service: Service) {
  return {
    async setUp(name: string, migrations: MigrationFile[] = [addState]) {
      const url = await platform.createShop(name)
      const { client } = service
      const database = await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })
      const set = await client.uploadMigrationSet({ params: { serviceId }, body: { migrations } })
      const start = async (body: { phase?: 'expand' | 'all'; planId?: string } = {}): Promise<Run> =>
        await client.startRun({
          params: { serviceId, databaseId: database.id },
          body: { migrationSetId: set.id, ...body },
        })
      return { database, set, start, target: await platform.connectTo(name) }
    },
    /** Returns the run once it is in one of the states; throws when it ended in another. */
    async reach(run: Run, ...states: Run['state'][]): Promise<Run> {
      return await waitFor(`${run.databaseName} to be ${states}`, async () => {
        const now = await service.client.getRun({ params: { serviceId, runId: run.id } })
        if (['failed', 'cancelled'].includes(now.state) && !states.includes(now.state)) {
          throw new Error(`the run is ${now.state}: ${JSON.stringify(now.problem)}`)
        }
        return states.includes(now.state) ? now : undefined
      })
    },
  }
}

/** Returns the problem with which the call is answered. */
export async function problemOf(call: Promise<unknown>): Promise<ContractProblem> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ContractProblem)
  return error as ContractProblem
}
