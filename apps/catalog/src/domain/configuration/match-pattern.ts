import { createContext, Script } from 'node:vm'

/** Tells whether a text matches a pattern; undefined when that would take too long to tell. */
export type PatternMatcher = (source: string, text: string) => boolean | undefined

/** Longest time that all patterns of one request may take together: nothing else runs meanwhile. */
const patternsTimeoutMs = 100

const script = new Script('new RegExp(source, "u").test(text)')

/**
 * Returns a matcher for the patterns of one user's schema. A pattern such as (a+)+$ takes exponential time, and nothing
 * but the timeout of a script ends a match that is under way.
 */
export function createPatternMatcher(): PatternMatcher {
  const names = createContext({ source: '', text: '' })
  let leftMs = patternsTimeoutMs
  return (source, text) => {
    if (leftMs < 1) {
      return undefined
    }
    const startedMs = performance.now()
    Object.assign(names, { source, text })
    try {
      return script.runInContext(names, { timeout: Math.ceil(leftMs) }) === true
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        return undefined
      }
      throw error
    } finally {
      leftMs -= performance.now() - startedMs
    }
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
