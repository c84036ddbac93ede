import { createContext, Script } from 'node:vm'

/** Longest time that one pattern may look at one value. */
const patternTimeoutMs = 100

const script = new Script('new RegExp(source, "u").test(text)')

/**
 * Tells whether the text matches the pattern of a user's schema; undefined when that took too long to tell.
 * A pattern such as (a+)+$ takes exponential time, and nothing but the timeout of a script ends a running match.
 */
export function matchPattern(source: string, text: string): boolean | undefined {
  try {
    return script.runInContext(createContext({ source, text }), { timeout: patternTimeoutMs }) === true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      return undefined
    }
    throw error
  }
}

/** Returns why the text is no pattern, undefined when it is one. */
export function patternFault(source: string): string | undefined {
  try {
    new RegExp(source, 'u')
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
