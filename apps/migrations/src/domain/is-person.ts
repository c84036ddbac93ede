import type { Caller } from '@freehold/contracts-base'

/** Tells whether the caller is a person; the subject of a service's token is the service's name. */
export function isPerson(caller: Caller): boolean {
  return caller.subject.startsWith('person:')
}
