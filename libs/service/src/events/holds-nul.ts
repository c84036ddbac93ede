/** Tells whether a string in the JSON text has a NUL character, which Postgres keeps neither as text nor as jsonb. */
export function holdsNul(json: string): boolean {
  // A backslash that is itself escaped makes no escape of what follows.
  return json.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(json)
}
