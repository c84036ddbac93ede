// One change of an OpenAPI document, as data. `oasdiff` is what oasdiff 1.36 says of the same two documents: an error is
// breaking, a warning risky, anything less none.

export interface OpenApiCase {
  name: string
  before: object
  after: object
  /** `severity rule pointer` of each finding. */
  expected: string[]
  oasdiff: 'breaking' | 'risky' | 'none'
  /** Why Freehold judges otherwise. */
  apart?: string
}

interface Parts {
  parameters?: object[]
  request?: object
  response?: object
  /** Members of the operation. */
  operation?: object
  /** Members of the 200 response. */
  answer?: object
  paths?: object
}

export const text = { type: 'string' }
const orderSchema = { type: 'object', required: ['id'], properties: { id: text, note: text } }

/** Returns a document with the operation POST /orders/{id}, made of the parts given. */
export function order(parts: Parts): object {
  const { parameters = [], request = orderSchema, response = orderSchema, operation = {}, answer = {} } = parts
  const content = (schema: object) => ({ 'application/json': { schema } })
  return {
    openapi: '3.0.3',
    info: { title: 'orders', version: '1.0.0' },
    paths: parts.paths ?? {
      '/orders/{id}': {
        post: {
          parameters: [{ name: 'id', in: 'path', required: true, schema: text }, ...parameters],
          requestBody: { required: true, content: content(request) },
          responses: { 200: { description: 'Done.', content: content(response), ...answer } },
          ...operation,
        },
      },
    },
  }
}

export const post = '/paths/~1orders~1{id}/post'
