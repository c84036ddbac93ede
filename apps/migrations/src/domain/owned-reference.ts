// A reference is followed with the rights of this service, so it may lead only to what belongs to the service in the path:
// its own variables, and the files of its own folder.

/** Where a reference of a service leads; a file's path is relative to the folder of secrets. */
export type OwnedReference = { kind: 'env'; name: string } | { kind: 'file'; path: string }

const reserved = /^FREEHOLD_/
const marker = '_DATABASE_URL'

/** Returns where the reference leads, or undefined where that is not the service's own. */
export function findOwnedReference(service: string, reference: string): OwnedReference | undefined {
  const [, kind, name = ''] = /^(env|file):(.+)$/.exec(reference) ?? []
  if (kind === 'env') {
    return ownerOfVariable(name) === toVariablePrefix(service) ? { kind, name } : undefined
  }
  const [folder, file = '', ...rest] = name.split('/')
  const isOwn = kind === 'file' && folder === service && rest.length === 0
  return isOwn && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file) ? { kind: 'file', path: `${service}/${file}` } : undefined
}

/** Returns what references of the service look like. */
export function describeOwnedReferences(service: string): string {
  const variable = `${toVariablePrefix(service)}${marker}`
  return `env:${variable}, env:${variable}_… or file:${service}/…`
}

function toVariablePrefix(service: string): string {
  return service.toUpperCase().replace(/[^A-Z0-9]/g, '_')
}

/**
 * The owner is all that stands before the last marker, and not merely a prefix: ORDERS_EU_DATABASE_URL is of `orders-eu`
 * and never of `orders`. So every name has one owner.
 */
function ownerOfVariable(name: string): string | undefined {
  const at = name.lastIndexOf(marker)
  const rest = name.slice(at + marker.length)
  return at > 0 && !reserved.test(name) && /^(?:_[A-Z0-9_]+)?$/.test(rest) ? name.slice(0, at) : undefined
}
