/** The vocabulary of every contract: routes, events, problems, and the client that is typed by them. */
export {
  type Client,
  type ClientOptions,
  ContractProblem,
  createClient,
  StreamInterrupted,
  UnreachableError,
} from './client.ts'
export {
  DeadLetter,
  deadLetterProblems,
  deadLetterRoutes,
  LetterReplay,
  TopicReplay,
  WholeDeadLetter,
} from './dead-letters.ts'
export { defineEvent, type EventDefinition } from './event.ts'
export { toEventSchemas } from './event-schemas.ts'
export { type Caller, identityRoutes, PublicKey, tokenAudience } from './identity.ts'
export { type OpenApiDocument, type OpenApiInfo, type OpenApiOperation, toOpenApi } from './openapi.ts'
export { pageOf, pageQuery, Time } from './page.ts'
export {
  baseProblems,
  type ProblemDefinition,
  ProblemDetail,
  ProblemDocument,
  problemMediaType,
  problemType,
} from './problems.ts'
export { type Access, defineRoute, pathParameters, type Role, type Route, roles } from './route.ts'
export type { PartOf, ReceivedBody, RequestOf, SentBody, StatusOf } from './route-types.ts'
export { writeServerSentEvent } from './server-sent-events.ts'
