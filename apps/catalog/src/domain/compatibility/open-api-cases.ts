// What changes in an OpenAPI document break, as a table. `oasdiff` is what oasdiff 1.36 says of the same two documents:
// an error is breaking, a warning risky, anything less none.

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

const text = { type: 'string' }
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

const post = '/paths/~1orders~1{id}/post'
const body = `${post}/requestBody/content/application~1json/schema`
const answered = `${post}/responses/200/content/application~1json/schema`
const query = (more: object) => ({ name: 'limit', in: 'query', schema: { type: 'integer' }, ...more })
const property = (schema: object, more: object = {}) => ({ type: 'object', properties: { size: schema }, ...more })

/** Returns the same change once for what is sent and once for what is answered. */
function bothWays(
  name: string,
  before: object,
  after: object,
  sent: [lines: string[], oasdiff: OpenApiCase['oasdiff'], apart?: string],
  received: [lines: string[], oasdiff: OpenApiCase['oasdiff'], apart?: string],
): OpenApiCase[] {
  const one = (part: 'request' | 'response', place: string, [lines, oasdiff, apart]: typeof sent): OpenApiCase => ({
    name: `${part}: ${name}`,
    before: order({ [part]: before }),
    after: order({ [part]: after }),
    expected: lines.map((line) => `${line.split(' ').slice(0, 2).join(' ')} ${place}${line.split(' ')[2] ?? ''}`),
    oasdiff,
    ...(apart === undefined ? {} : { apart }),
  })
  return [one('request', body, sent), one('response', answered, received)]
}

const size = '/properties/size'
const same = 'joined, the parts are the schema that was there'

const schemaCases: OpenApiCase[] = [
  ...bothWays(
    'a required property is added',
    property(text),
    property(text, { properties: { size: text, more: text }, required: ['more'] }),
    [['breaking required-added /properties/more'], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'an optional property is added',
    property(text),
    { type: 'object', properties: { size: text, more: text } },
    [[], 'none'],
    [[], 'none'],
  ),
  ...bothWays(
    'an optional property is removed',
    { type: 'object', properties: { size: text, more: text } },
    property(text),
    [['risky property-removed /properties/more'], 'risky'],
    [['risky property-removed /properties/more'], 'none', 'a reader that uses what may be there goes without'],
  ),
  ...bothWays(
    'a required property is removed',
    { type: 'object', properties: { size: text, more: text }, required: ['more'] },
    property(text),
    [['risky property-removed /properties/more'], 'risky'],
    [['breaking required-removed /properties/more'], 'breaking'],
  ),
  ...bothWays(
    'an optional property becomes required',
    property(text),
    property(text, { required: ['size'] }),
    [[`breaking required-added ${size}`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a required property becomes optional',
    property(text, { required: ['size'] }),
    property(text),
    [[], 'none'],
    [[`breaking required-loosened ${size}`], 'breaking'],
  ),
  ...bothWays(
    'a type changes',
    property(text),
    property({ type: 'integer' }),
    [[`breaking type-changed ${size}/type`], 'breaking'],
    [[`breaking type-changed ${size}/type`], 'breaking'],
  ),
  ...bothWays(
    'integer becomes number',
    property({ type: 'integer' }),
    property({ type: 'number' }),
    [[], 'none'],
    [[`breaking type-changed ${size}/type`], 'breaking'],
  ),
  ...bothWays(
    'number becomes integer',
    property({ type: 'number' }),
    property({ type: 'integer' }),
    [[`breaking type-changed ${size}/type`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'null is allowed',
    property(text),
    property({ ...text, nullable: true }),
    [[], 'none'],
    [[`breaking type-changed ${size}/type`], 'breaking'],
  ),
  ...bothWays(
    'null is not allowed any more',
    property({ ...text, nullable: true }),
    property(text),
    [[`breaking type-changed ${size}/type`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a value is added to an enum',
    property({ ...text, enum: ['s', 'm'] }),
    property({ ...text, enum: ['s', 'm', 'l'] }),
    [[], 'none'],
    [[`breaking enum-value-not-taken ${size}/enum`], 'breaking'],
  ),
  ...bothWays(
    'a value is removed from an enum',
    property({ ...text, enum: ['s', 'm'] }),
    property({ ...text, enum: ['s'] }),
    [[`breaking enum-value-not-taken ${size}/enum`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'any text becomes an enum',
    property(text),
    property({ ...text, enum: ['s'] }),
    [[`breaking enum-not-promised ${size}/enum`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a length is bounded',
    property(text),
    property({ ...text, maxLength: 5 }),
    [[`breaking bound-exceeded ${size}/maxLength`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a length is bounded less',
    property({ ...text, maxLength: 5 }),
    property({ ...text, maxLength: 9 }),
    [[], 'none'],
    [[`breaking bound-exceeded ${size}/maxLength`], 'breaking'],
  ),
  ...bothWays(
    'a shortest length is raised',
    property({ ...text, minLength: 1 }),
    property({ ...text, minLength: 3 }),
    [[`breaking bound-exceeded ${size}/minLength`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a smallest number is raised',
    property({ type: 'integer', minimum: 1 }),
    property({ type: 'integer', minimum: 3 }),
    [[`breaking bound-exceeded ${size}/minimum`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a largest number is raised',
    property({ type: 'integer', maximum: 5 }),
    property({ type: 'integer', maximum: 9 }),
    [[], 'none'],
    [[`breaking bound-exceeded ${size}/maximum`], 'breaking'],
  ),
  ...bothWays(
    'a pattern is added',
    property(text),
    property({ ...text, pattern: '^a' }),
    [[`breaking pattern-changed ${size}/pattern`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a format is added',
    property(text),
    property({ ...text, format: 'uuid' }),
    [[`breaking format-narrowed ${size}/format`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a list must hold fewer items',
    property({ type: 'array', items: text, maxItems: 9 }),
    property({ type: 'array', items: text, maxItems: 5 }),
    [[`breaking bound-exceeded ${size}/maxItems`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'the items of a list change',
    property({ type: 'array', items: text }),
    property({ type: 'array', items: { type: 'integer' } }),
    [[`breaking type-changed ${size}/items/type`], 'breaking'],
    [[`breaking type-changed ${size}/items/type`], 'breaking'],
  ),
  ...bothWays(
    'a default changes',
    property({ ...text, default: 's' }),
    property({ ...text, default: 'm' }),
    [[`risky default-changed ${size}/default`], 'none', 'what is left out means something else'],
    [[], 'none'],
  ),
  ...bothWays(
    'a writeOnly property is required now',
    property({ ...text, writeOnly: true }),
    property({ ...text, writeOnly: true }, { required: ['size'] }),
    [[`breaking required-added ${size}`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'a readOnly property is required now',
    property({ ...text, readOnly: true }),
    property({ ...text, readOnly: true }, { required: ['size'] }),
    [[], 'none'],
    [[], 'none'],
  ),
  ...bothWays(
    'further properties are refused',
    property(text),
    property(text, { additionalProperties: false }),
    [['breaking additional-properties-refused /additionalProperties'], 'none', 'what was passed over is refused'],
    [[], 'none'],
  ),
  ...bothWays(
    'an alternative is added',
    property({ oneOf: [text, { type: 'integer' }] }),
    property({ oneOf: [text, { type: 'integer' }, { type: 'boolean' }] }),
    [[], 'none'],
    [[`breaking alternative-not-taken ${size}/oneOf/2`], 'breaking'],
  ),
  ...bothWays(
    'an alternative is removed',
    property({ oneOf: [text, { type: 'integer' }] }),
    property({ oneOf: [text] }),
    [[`breaking type-changed ${size}/oneOf/0/type`], 'breaking'],
    [[], 'none'],
  ),
  ...bothWays(
    'parts are put together by allOf',
    property(text, { required: ['size'] }),
    { allOf: [property(text), { required: ['size'] }] },
    [[], 'breaking', same],
    [[], 'risky', same],
  ),
]

const operationCases: OpenApiCase[] = [
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

/** Every case. */
export const cases: OpenApiCase[] = [...operationCases, ...schemaCases]
