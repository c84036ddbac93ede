// Bodies: JSON in UTF-8, no deeper than a validator can follow, without what would become a prototype or what Postgres
// cannot store as text.

import { baseProblems } from '@freehold/contracts-base'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { jsonDepthMax } from '../limits.ts'
import { Problem } from '../problem.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Makes JSON the only media type that the app reads; an empty body is none. */
export function readJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]+\+)?json(?:\s*;|$)/,
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void) => {
      try {
        refuseEncodings(request)
        const text = decode(body)
        if (text.trim() === '') {
          done(null, undefined)
          return
        }
        refuseDeep(text)
        parseJson(request, text, (error: Error | null, value: unknown) => {
          const fault = error === null ? findUnstorable(text, value) : `The body is not JSON: ${error.message}.`
          done(fault === undefined ? null : malformed(fault), value)
        })
      } catch (error) {
        done(error as Error)
      }
    },
  )
}

/** Tells whether Postgres could not store the text: it knows no NUL, and no half of a surrogate pair. */
export function isUnstorable(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed()
}

function refuseEncodings({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Problem(baseProblems.mediaTypeUnsupported, { detail: 'The body has a Content-Encoding.' })
  }
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new Problem(baseProblems.mediaTypeUnsupported, { detail: 'The body is not said to be in UTF-8.' })
  }
}

function decode(body: Buffer): string {
  try {
    return decoder.decode(body)
  } catch (cause) {
    throw new Problem(baseProblems.requestMalformed, { detail: 'The body is not UTF-8.', cause })
  }
}

function refuseDeep(text: string): void {
  let depth = 0
  let isString = false
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (isString) {
      if (character === 0x5c /* \ */) {
        i++
      } else if (character === 0x22 /* " */) {
        isString = false
      }
    } else if (character === 0x22) {
      isString = true
    } else if (character === 0x7b /* { */ || character === 0x5b /* [ */) {
      depth++
      if (depth > jsonDepthMax) {
        throw malformed(`The body is nested deeper than ${jsonDepthMax} levels.`)
      }
    } else if (character === 0x7d /* } */ || character === 0x5d /* ] */) {
      depth--
    }
  }
}

function findUnstorable(text: string, value: unknown): string | undefined {
  // Well-formed UTF-8 without control characters holds neither, unless by an escape.
  if (!text.includes('\\u')) {
    return undefined
  }
  const open: unknown[] = [value]
  for (let each = open.pop(); open.length > 0 || each !== undefined; each = open.pop()) {
    if (typeof each === 'string' && isUnstorable(each)) {
      return 'The body holds a NUL character or half of a surrogate pair.'
    }
    if (each !== null && typeof each === 'object') {
      open.push(...Object.keys(each), ...Object.values(each))
    }
  }
  return undefined
}

function malformed(detail: string): Problem {
  return new Problem(baseProblems.requestMalformed, { detail })
}
