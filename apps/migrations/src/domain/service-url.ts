// URLs come from the owners of services and are opened by this process: they may lead to a host on the network and to
// nothing in this process's own surroundings.

import { parseDatabaseUrl } from '@freehold/postgres'

/** A URL that the service does not open; its message repeats nothing of the URL but the names of parameters. */
export class UrlRefused extends Error {}

const connectTimeoutS = { min: 1, max: 30, default: 10 }
const harmlessSsl = new Set(['sslmode', 'sslaccept', 'sslnegotiation', 'sslsni'])
const local = new Set(['passfile', 'service', 'servicefile'])

/** Returns the URL with a time for connecting that is bounded; throws a UrlRefused. */
export function toServiceUrl(text: string): { url: string; parsed: ReturnType<typeof parseDatabaseUrl> } {
  const url = readUrl(text)
  for (const name of url.searchParams.keys()) {
    const lower = name.toLowerCase()
    if (local.has(lower) || (lower.startsWith('ssl') && !harmlessSsl.has(lower))) {
      throw new UrlRefused(`the parameter ${lower} of the URL names what lies beside the service`)
    }
  }
  const timeouts = url.searchParams.getAll('connect_timeout')
  url.searchParams.set('connect_timeout', String(boundTimeout(timeouts[0])))
  const parsed = parse(url.href)
  if (parsed.user === '') {
    throw new UrlRefused('the URL has to name the role that connects')
  }
  if (parsed.host === '' || parsed.host.includes('/')) {
    throw new UrlRefused('the URL has to name a host on the network, not a socket')
  }
  return { url: url.href, parsed }
}

function readUrl(text: string): URL {
  try {
    return new URL(text)
  } catch {
    // Its message holds the URL.
    throw new UrlRefused('it is not a URL of a Postgres database')
  }
}

function parse(url: string) {
  try {
    return parseDatabaseUrl(url)
  } catch {
    // What is wrong with it may hold a part of it.
    throw new UrlRefused('it is not a URL of a Postgres database')
  }
}

/** 0 and what is no number would wait for ever. */
function boundTimeout(given: string | undefined): number {
  const seconds = given === undefined || given.trim() === '' ? connectTimeoutS.default : Number(given)
  if (!Number.isFinite(seconds) || seconds <= 0) {
    return connectTimeoutS.max
  }
  return Math.min(connectTimeoutS.max, Math.max(connectTimeoutS.min, seconds))
}
