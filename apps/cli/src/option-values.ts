import { InvalidArgumentError } from 'commander'

// A caller that waits a minute for a migration is a stall by any measure.
const maxLockMsMost = 60_000

/** Parses --max-lock-ms: a whole number of milliseconds. */
export function parseMaxLockMs(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > maxLockMsMost) {
    throw new InvalidArgumentError(`It is a whole number of milliseconds from 1 to ${maxLockMsMost}.`)
  }
  return value
}

/** Parses --service: it becomes part of application_name, which Postgres cuts at 63 bytes and keeps to ASCII. */
export function parseServiceName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,53}$/.test(text)) {
    throw new InvalidArgumentError('It has at most 54 letters, digits, dots, dashes and underscores.')
  }
  return text
}

/** Parses a value that must not be empty, as it is when an unset variable of a script is given. */
export function parseNotEmpty(text: string): string {
  if (text === '') {
    throw new InvalidArgumentError('It is empty.')
  }
  return text
}
