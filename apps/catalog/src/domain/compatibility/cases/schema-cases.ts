// What changes of a schema break, in what is sent and in what is answered.

import { type OpenApiCase, order, post, text } from './open-api-case.ts'

const body = `${post}/requestBody/content/application~1json/schema`
const answered = `${post}/responses/200/content/application~1json/schema`
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

export const schemaCases: OpenApiCase[] = [
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
