import path from 'node:path'
import type { Change } from '@freehold/contracts-catalog'
import { confirm } from '../../confirm.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Paint } from '../../render/text.ts'
import { oneLine, printable } from '../../render/text.ts'
import type { Applied } from '../documents/service-documents.ts'
import { findChanges } from '../find-changes.ts'
import { type FoundPlatform, getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions } from '../platform-command.ts'
import { readServiceFolder } from '../read-service-folder.ts'

interface ApplyOptions extends PlatformCommandOptions {
  name?: string
  dryRun?: boolean
  exitCode?: boolean
  yes?: boolean
}

/** Shows what a freehold.yaml changes, and applies it. */
export const runApply: PlatformCommand<ApplyOptions> = async (context, options, [given = '.']) => {
  const { surroundings, paint, signal } = context
  const platform = await getPlatform(options, surroundings)
  const service = await readServiceFolder(platform, path.resolve(surroundings.folder, given), options.name)
  const { serviceId, text, strategy } = service
  const current = await platform.catalog.getStrategy({ params: { serviceId } })
  const changes = findChanges(current.strategy, strategy)
  const head = { serviceId, changes }
  if (current.text === text) {
    return finish({ ...head, outcome: 'unchanged', version: current.version }, paint, options)
  }
  if (options.dryRun === true) {
    return finish({ ...head, outcome: 'dryRun', version: current.version }, paint, options)
  }
  if (options.yes !== true && surroundings.confirm !== null) {
    surroundings.stderr.write(renderChanges(changes, paint).join(''))
  }
  await confirm(surroundings, signal, {
    question: `Apply this to ${serviceId}?`,
    given: options.yes === true,
    withoutTerminal: 'proceed',
  })
  const version = await apply(platform, serviceId, text, current.version)
  return finish({ ...head, outcome: 'applied', version }, paint, options)
}

/** Applied on top of the version that was shown, or not at all. */
async function apply({ catalog }: FoundPlatform, serviceId: string, text: string, ifVersion: number): Promise<number> {
  const { version } = await catalog.applyStrategy({ params: { serviceId }, body: { text, ifVersion } })
  return version
}

function finish(document: Applied, paint: Paint, { exitCode }: ApplyOptions) {
  const { serviceId, outcome, version, changes } = document
  const last = {
    applied: paint.green(`Applied: the strategies of ${serviceId} are in version ${version}.`),
    unchanged: `Nothing to apply: version ${version} of ${serviceId} is this file.`,
    dryRun: `Nothing was applied: ${serviceId} stays in version ${version}.`,
  }[outcome]
  const differs = exitCode === true && outcome === 'dryRun'
  return {
    document,
    text: `${renderChanges(changes, paint).join('')}${last}\n`,
    exitCode: differs ? exitCodes.found : exitCodes.done,
  }
}

const valueWidth = 80

function renderChanges(changes: Change[], paint: Paint): string[] {
  const show = (value: unknown): string => oneLine(JSON.stringify(value), valueWidth)
  return changes.flatMap(({ pointer, before, after }) => [
    `${printable(pointer)}\n`,
    ...(before === undefined ? [] : [paint.red(`  - ${show(before)}\n`)]),
    ...(after === undefined ? [] : [paint.green(`  + ${show(after)}\n`)]),
  ])
}
