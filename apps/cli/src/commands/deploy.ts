import type { Target } from '@freehold/migrations/engine'
import { maxLockMsDefault } from '@freehold/migrations/limits'
import { Problem, problems } from '@freehold/migrations/problem'
import { Option } from 'commander'
import type { MigrateCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Engine } from '../engine.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseMaxLockMs, parseNotEmpty } from '../option-values.ts'
import { readPlanFile } from '../plan-file.ts'
import { renderDeployOutcome } from '../render/outcomes.ts'

interface DeployCommandOptions {
  phase: 'expand' | 'all'
  plan?: string
  completePrevious?: boolean
  maxLockMs: number
  yes?: boolean
}

export const deployCommand: MigrateCommand<DeployCommandOptions> = {
  name: 'deploy',
  summary: 'run the pending migrations: expand and backfill, or all phases',
  needsFolder: true,
  configure(command) {
    command
      .addOption(
        new Option('--phase <phase>', 'expand: expand and backfill; all: contract too, when no old version runs')
          .choices(['expand', 'all'])
          .default('expand'),
      )
      .option('--plan <file>', 'run the plan that plan --out wrote; needs no shadow', parseNotEmpty)
      .option('--complete-previous', 'complete a window that an earlier deploy left open, first')
      .option('--max-lock-ms <n>', 'longest time that a caller waits for a step', parseMaxLockMs, maxLockMsDefault)
      .option('--approve <reason>', 'on a platform: approve what a plan destroys', parseNotEmpty)
      .option('--yes', 'ask nothing')
  },
  async run({ engine, target, surroundings, text, place }, options) {
    const plan = options.plan === undefined ? undefined : await readPlanFile(surroundings.folder, options.plan)
    if (plan === null) {
      await checkNothingPending(engine, target)
    }
    if (options.phase === 'all') {
      await confirm(surroundings, target.signal, {
        question: `Run all phases on ${place}? What the old version of the application uses may go.`,
        given: options.yes === true,
        withoutTerminal: 'proceed',
      })
    }
    const outcome = await engine.deploy(target, {
      phase: options.phase,
      ...(plan === undefined || plan === null ? {} : { plan }),
      completePrevious: options.completePrevious === true,
      maxLockMs: options.maxLockMs,
    })
    // The plan is what `plan --json` prints; the run carries its id.
    const { plan: _plan, ...document } = outcome
    return { document, text: renderDeployOutcome(outcome, text), exitCode: exitCodes.done }
  },
}

/** A plan of nothing fits a database where nothing is pending; deploy may still have a run to go on with. */
async function checkNothingPending(engine: Engine, target: Target): Promise<void> {
  const { migrations } = await engine.status(target)
  const pending = migrations.filter(({ state }) => state === 'pending' || state === 'rolledBack').map(({ id }) => id)
  if (pending.length > 0) {
    throw new Problem(
      problems.planStale,
      `nothing was pending when the plan was made, and now these are: ${pending.join(', ')}`,
    )
  }
}
