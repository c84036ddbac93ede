import type { Configuration, JsonValue } from '@freehold/contracts-catalog'
import { Problem } from '@freehold/migrations/problem'
import { cliProblems } from '../../cli-problems.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { Paint } from '../../render/text.ts'
import { oneLine, printable } from '../../render/text.ts'
import { getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions, PlatformContext } from '../platform-command.ts'

interface ConfigSetOptions extends PlatformCommandOptions {
  unset?: string[]
}

/** Shows the settings of a service, of secrets whether they have a value. */
export const runConfigGet: PlatformCommand = async ({ surroundings, paint }, options, [serviceId = '', setting]) => {
  const { catalog } = await getPlatform(options, surroundings)
  const configuration = await catalog.getConfiguration({ params: { serviceId } })
  const known = setting === undefined ? undefined : configuration.settings[setting]
  if (setting !== undefined && known === undefined) {
    throw new Problem(cliProblems.wrongUse, `${serviceId} has no setting ${setting}`)
  }
  const shown =
    setting === undefined || known === undefined ? configuration : { ...configuration, settings: { [setting]: known } }
  return { document: shown, text: render(shown, paint), exitCode: exitCodes.done }
}

/** Sets and unsets settings; those without a value are asked for, or read from standard input. */
export const runConfigSet: PlatformCommand<ConfigSetOptions> = async (context, options, [serviceId = '', ...given]) => {
  const { surroundings, paint } = context
  if (given.length === 0 && (options.unset ?? []).length === 0) {
    throw new Problem(cliProblems.wrongUse, 'no setting is named')
  }
  const { catalog } = await getPlatform(options, surroundings)
  const params = { serviceId }
  const current = await catalog.getConfiguration({ params })
  const set: Record<string, JsonValue> = {}
  for (const each of given) {
    const at = each.indexOf('=')
    const name = at === -1 ? each : each.slice(0, at)
    if (at !== -1 && current.schema.properties?.[name]?.secret === true) {
      const problem = `${name} is secret, and others on this machine can read command lines`
      throw new Problem(cliProblems.wrongUse, problem, {
        hint: `leave the value out: freehold config set ${serviceId} ${name} asks for it`,
      })
    }
    const text = at === -1 ? await readValue(context, name) : each.slice(at + 1)
    set[name] = toValue(current, name, text)
  }
  const configuration = await catalog.changeConfiguration({
    params,
    body: { set, unset: options.unset ?? [], ifVersion: current.version },
  })
  return { document: configuration, text: render(configuration, paint), exitCode: exitCodes.done }
}

/** Shows the versions of a service's configuration, the latest first. */
export const runConfigHistory: PlatformCommand = async ({ surroundings, paint }, options, [serviceId = '']) => {
  const { catalog } = await getPlatform(options, surroundings)
  const { items } = await catalog.listConfigurationVersions({ params: { serviceId }, query: { limit: 200 } })
  const lines = items.map(({ version, at, by, restoredFrom }) => {
    const from = restoredFrom === null ? '' : paint.dim(`  as in version ${restoredFrom}`)
    return `${String(version).padStart(5)}  ${at}  ${printable(by)}${from}\n`
  })
  return { document: { versions: items }, text: lines.join(''), exitCode: exitCodes.done }
}

/** Puts the values of an earlier version back. */
export const runConfigRollback: PlatformCommand = async (
  { surroundings, paint },
  options,
  [serviceId = '', text = ''],
) => {
  const version = Number(text)
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new Problem(cliProblems.wrongUse, `${JSON.stringify(text)} is no version; freehold config history lists them`)
  }
  const { catalog } = await getPlatform(options, surroundings)
  const configuration = await catalog.restoreConfiguration({ params: { serviceId }, body: { version } })
  return { document: configuration, text: render(configuration, paint), exitCode: exitCodes.done }
}

/** A value that is secret does not belong into the command line, which other users of the machine can read. */
async function readValue({ surroundings, signal }: PlatformContext, name: string): Promise<string> {
  const given =
    surroundings.askSecret === null
      ? (await surroundings.readInput()).replace(/\r?\n$/, '')
      : await surroundings.askSecret(`Value of ${name} (not shown):`, signal)
  if (given === undefined || given === '') {
    throw new Problem(cliProblems.wrongUse, `no value was given for ${name}`)
  }
  return given
}

function toValue({ schema }: Configuration, name: string, text: string): JsonValue {
  const type = schema.properties?.[name]?.type
  if (type === undefined || type === 'string') {
    return text
  }
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // Not repeated: it may be a secret.
    throw new Problem(cliProblems.wrongUse, `the value of ${name} is no JSON, and its type is ${type}`)
  }
}

const valueWidth = 80

function render({ serviceId, version, settings, missing }: Configuration, paint: Paint): string {
  const names = Object.keys(settings).sort()
  const width = Math.max(0, ...names.map((name) => name.length))
  const lines = names.map((name) => {
    const { secret, origin, value } = settings[name] as Configuration['settings'][string]
    const shown = origin === 'unset' ? 'not set' : secret ? '(secret)' : oneLine(JSON.stringify(value), valueWidth)
    return `  ${name.padEnd(width)}  ${shown}${paint.dim(`  ${origin}`)}`
  })
  const lacking = missing.map((name) => paint.yellow(`  ${name} has to be set`))
  return `${[paint.bold(`${serviceId}, configuration in version ${version}`), ...lines, ...lacking].join('\n')}\n`
}
