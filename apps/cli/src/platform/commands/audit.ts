import { exitCodes } from '../../exit-codes.ts'
import { countOf } from '../../render/quantities.ts'
import { oneLine, printable } from '../../render/text.ts'
import { findChanges } from '../find-changes.ts'
import { getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions } from '../platform-command.ts'

interface AuditOptions extends PlatformCommandOptions {
  limit: number
  actor?: string
  action?: string
  verify?: boolean
}

/** Shows who changed what, the latest first, or checks that nobody changed the log itself. */
export const runAudit: PlatformCommand<AuditOptions> = async ({ surroundings, paint, width }, options, [serviceId]) => {
  const { catalog } = await getPlatform(options, surroundings)
  if (options.verify === true) {
    const verification = await catalog.verifyAuditLog()
    const { intact, entries, brokenAt, head } = verification
    const text = intact
      ? paint.green(`The audit log is whole: ${countOf(entries, 'entry', 'entries')}, the last with hash ${head}.`)
      : paint.red(`The audit log was changed: entry ${brokenAt} does not follow from the one before it.`)
    return { document: verification, text: `${text}\n`, exitCode: intact ? exitCodes.done : exitCodes.refused }
  }
  const { limit, actor, action } = options
  const query = {
    limit,
    ...(serviceId === undefined ? {} : { serviceId }),
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
  }
  const { items } = await catalog.listAuditEntries({ query })
  const lines = items.flatMap(({ position, at, actor: who, action: what, subject, before, after }) => [
    `${String(position).padStart(5)}  ${at}  ${paint.bold(what)}  ${printable(subject)}  ${printable(who)}`,
    ...findChanges(before ?? {}, after ?? {})
      .filter(({ pointer }) => pointer !== '')
      .slice(0, 5)
      .map(({ pointer, ...sides }) => paint.dim(`       ${oneLine(`${pointer} ${JSON.stringify(sides)}`, width - 7)}`)),
  ])
  const text = lines.length === 0 ? 'The audit log has no such entry.' : lines.join('\n')
  return { document: { entries: items }, text: `${text}\n`, exitCode: exitCodes.done }
}
