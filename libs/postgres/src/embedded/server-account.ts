import { readFileSync } from 'node:fs'

/** The account under which a server runs that root starts; Postgres refuses to run as root. */
export interface ServerAccount {
  uid: number
  gid: number
}

/** Returns the account to start a server under, or undefined where the process is not root and needs none. */
export function findServerAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) {
    return undefined
  }
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4 && Number(fields[2]) > 0)
  // initdb looks its own account up by uid, so it has to be one that exists.
  const chosen = ['postgres', 'nobody'].map((name) => accounts.find((fields) => fields[0] === name)).find(Boolean)
  const fields = chosen ?? accounts[0]
  if (fields === undefined) {
    throw new Error('Postgres does not run as root, and /etc/passwd names no other account to run it under')
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) }
}
