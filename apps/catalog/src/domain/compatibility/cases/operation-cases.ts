// What changes of an operation break: parameters, bodies, statuses, headers, credentials.

import { type OpenApiCase, order, post, text } from './open-api-case.ts'

const query = (more: object) => ({ name: 'limit', in: 'query', schema: { type: 'integer' }, ...more })

export const operationCases: OpenApiCase[] = [
  {
    name: 'an operation is removed',
    before: order({}),
    after: order({ paths: {} }),
    expected: [`breaking operation-removed ${post}`],
    oasdiff: 'breaking',
  },
  {
    name: 'a parameter in the path gets another name',
    before: order({
      paths: {
        '/a/{b}': { get: { parameters: [{ name: 'b', in: 'path', required: true, schema: text }], responses: {} } },
      },
    }),
    after: order({
      paths: {
        '/a/{c}': { get: { parameters: [{ name: 'c', in: 'path', required: true, schema: text }], responses: {} } },
      },
    }),
    expected: [],
    oasdiff: 'none',
  },
  {
    name: 'a required parameter is added',
    before: order({}),
    after: order({ parameters: [query({ required: true })] }),
    expected: [`breaking required-parameter-added ${post}/parameters/1`],
    oasdiff: 'breaking',
  },
  {
    name: 'an optional parameter is added',
    before: order({}),
    after: order({ parameters: [query({})] }),
    expected: [],
    oasdiff: 'none',
  },
  {
    name: 'a parameter is removed',
    before: order({ parameters: [query({})] }),
    after: order({}),
    expected: [`risky parameter-removed ${post}/parameters/1`],
    oasdiff: 'risky',
  },
  {
    name: 'a parameter becomes required',
    before: order({ parameters: [query({})] }),
    after: order({ parameters: [query({ required: true })] }),
    expected: [`breaking parameter-required ${post}/parameters/1/required`],
    oasdiff: 'breaking',
  },
  {
    name: 'a parameter is bounded more tightly',
    before: order({ parameters: [query({ schema: { type: 'integer', maximum: 100 } })] }),
    after: order({ parameters: [query({ schema: { type: 'integer', maximum: 50 } })] }),
    expected: [`breaking bound-exceeded ${post}/parameters/1/schema/maximum`],
    oasdiff: 'breaking',
  },
  {
    name: 'the default of a parameter changes',
    before: order({ parameters: [query({ schema: { type: 'integer', default: 10 } })] }),
    after: order({ parameters: [query({ schema: { type: 'integer', default: 20 } })] }),
    expected: [`risky default-changed ${post}/parameters/1/schema/default`],
    oasdiff: 'none',
    apart: 'what is left out means something else',
  },
  {
    name: 'a list in the query is written in another way',
    before: order({ parameters: [query({ schema: { type: 'array', items: text } })] }),
    after: order({ parameters: [query({ schema: { type: 'array', items: text }, explode: false })] }),
    expected: [`breaking parameter-style-changed ${post}/parameters/1`],
    oasdiff: 'none',
    apart: 'a=1,2 is not read as a=1&a=2 was',
  },
  {
    name: 'a body becomes required',
    before: order({ operation: { requestBody: { content: { 'application/json': { schema: text } } } } }),
    after: order({ operation: { requestBody: { required: true, content: { 'application/json': { schema: text } } } } }),
    expected: [`breaking request-body-required ${post}/requestBody/required`],
    oasdiff: 'breaking',
  },
  {
    name: 'a media type is not taken any more',
    before: order({
      operation: { requestBody: { content: { 'application/json': { schema: text }, 'text/plain': { schema: text } } } },
    }),
    after: order({ operation: { requestBody: { content: { 'application/json': { schema: text } } } } }),
    expected: [`breaking media-type-removed ${post}/requestBody/content/text~1plain`],
    oasdiff: 'breaking',
  },
  {
    name: 'a success is answered with another status',
    before: order({}),
    after: order({ operation: { responses: { 201: { description: 'Made.' } } } }),
    expected: [`breaking response-removed ${post}/responses/200`],
    oasdiff: 'breaking',
  },
  {
    name: 'a failure is not answered any more',
    before: order({ operation: { responses: { 200: { description: 'Done.' }, 404: { description: 'None.' } } } }),
    after: order({ operation: { responses: { 200: { description: 'Done.' } } } }),
    expected: [`risky response-removed ${post}/responses/404`],
    oasdiff: 'none',
    apart: 'a caller that acts on the status gets another one',
  },
  {
    name: 'a header of the response is removed',
    before: order({ answer: { headers: { etag: { required: true, schema: text } } } }),
    after: order({}),
    expected: [`breaking response-header-removed ${post}/responses/200/headers/etag`],
    oasdiff: 'breaking',
  },
  {
    name: 'a header of the response may be absent now',
    before: order({ answer: { headers: { etag: { required: true, schema: text } } } }),
    after: order({ answer: { headers: { etag: { schema: text } } } }),
    expected: [`breaking response-header-loosened ${post}/responses/200/headers/etag`],
    oasdiff: 'breaking',
  },
  {
    name: 'credentials are wanted where none were',
    before: order({}),
    after: order({ operation: { security: [{ token: [] }] } }),
    expected: [`breaking security-narrowed ${post}/security`],
    oasdiff: 'breaking',
  },
  {
    name: 'another way in is opened',
    before: order({ operation: { security: [{ token: [] }] } }),
    after: order({ operation: { security: [{ token: [] }, { key: [] }] } }),
    expected: [],
    oasdiff: 'none',
  },
]
